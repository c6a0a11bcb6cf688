// Uses something of each public header, from outside.
#include <ochre/ochre.h>

#include <iostream>

namespace {

ochre::Status Run() {
  OCHRE_ASSIGN_OR_RETURN(const auto client, ochre::Client::InMemory());
  OCHRE_ASSIGN_OR_RETURN(const auto embedder, ochre::MakeHashingEmbedder(64));
  OCHRE_ASSIGN_OR_RETURN(auto docs, client->CreateCollection("docs", {.embedding_function = embedder}));
  OCHRE_RETURN_IF_ERROR(docs.Add({.ids = {"a", "b"},
                                  .documents = {"a red fox", "a blue whale"},
                                  .metadatas = {{{"year", 2020}}, {{"year", 2021}}}})
                            .status());
  OCHRE_ASSIGN_OR_RETURN(const auto hits, docs.Query({.texts = {"red"}, .where = ochre::Key("year") <= 2020}));
  if (hits.size() != 1 || hits.ids[0] != "a") return ochre::Status::Internal("found ", hits.size(), " records");
  return client->Close();
}

}  // namespace

int main() {
  const ochre::Status status = Run();
  std::cout << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
