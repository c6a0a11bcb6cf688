// Ochre in forty lines: keep documents, find them again by meaning, text and metadata.
#include <ochre/ochre.h>

#include <iostream>

ochre::Status Run() {
  OCHRE_ASSIGN_OR_RETURN(auto client, ochre::Client::Open("./quickstart.ochre"));  // or ochre::Client::InMemory()

  // The built-in embedder needs no model and knows no meaning: see ochre/fasttext.h, or bring your own.
  OCHRE_ASSIGN_OR_RETURN(auto embedder, ochre::MakeHashingEmbedder());
  OCHRE_ASSIGN_OR_RETURN(auto papers, client->GetOrCreateCollection(
                                          "papers", {.space = ochre::Space::kCosine, .embedding_function = embedder}));

  // Durable when the call returns. An id that is there already is left as it is.
  OCHRE_RETURN_IF_ERROR(
      papers
          .Add({.ids = {"hnsw", "bm25", "lsm"},
                .documents = {"Approximate nearest neighbor search with small world graphs",
                              "The probabilistic relevance framework for document retrieval",
                              "The log-structured merge tree indexes records under a high write rate"},
                .metadatas = {{{"year", 2016}, {"field", "search"}},
                              {{"year", 2009}, {"field", "search"}},
                              {{"year", 1996}, {"field", "storage"}}}})
          .status());

  OCHRE_ASSIGN_OR_RETURN(auto hits,
                         papers.Query({.texts = {"nearest neighbors in graphs"},
                                       .n_results = 2,
                                       .where = ochre::Key("year") >= 2000 && ochre::Key("field") == "search",
                                       .where_document = ochre::Document().Contains("search")}));
  for (size_t i = 0; i < hits.size(); ++i) {
    std::cout << (*hits.distances)[i] << "  " << hits.ids[i] << "  " << (*hits.documents)[i] << "\n";
  }
  return client->Close();
}

int main() {
  const ochre::Status status = Run();
  if (!status.ok()) std::cerr << status.ToString() << "\n";
  return status.ok() ? 0 : 1;
}
