// Marks what the shared library exports; everything else is hidden.
#ifndef OCHRE_EXPORT_H_
#define OCHRE_EXPORT_H_

#define OCHRE_EXPORT [[gnu::visibility("default")]]

#endif  // OCHRE_EXPORT_H_
