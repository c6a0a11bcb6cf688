// Ochre, an embedded vector database: include this.
#ifndef OCHRE_OCHRE_H_
#define OCHRE_OCHRE_H_

// IWYU pragma: begin_exports
#include "ochre/client.h"
#include "ochre/collection.h"
#include "ochre/embedding_function.h"
#include "ochre/filter.h"
#include "ochre/hnswlib.h"
#include "ochre/metadata.h"
#include "ochre/options.h"
#include "ochre/quotas.h"
#include "ochre/records.h"
#include "ochre/search.h"
#include "ochre/status.h"
// IWYU pragma: end_exports

#endif  // OCHRE_OCHRE_H_
