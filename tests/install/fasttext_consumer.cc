// Links ochre::fasttext from outside.
#include <ochre/fasttext.h>

#include <iostream>

int main() {
  const auto embedder = ochre::LoadFastTextEmbedder("/no/such/model.bin");
  std::cout << embedder.status().ToString() << "\n";
  return embedder.status().code() == ochre::StatusCode::kNotFound ? 0 : 1;
}
