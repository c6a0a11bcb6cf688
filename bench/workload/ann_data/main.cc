// Writes the data sets of ochre_ann_bench as .fvecs: rows in random order, of which the last 1,000 are the queries.
//
//   ochre_ann_data wordnet MODEL PREFIX    the glosses of WordNet, embedded with a fastText model (scripts/demo.sh)
//   ochre_ann_data synthetic ROWS DIMENSION PREFIX    clusters on a curved surface, e.g. 100000 768
//
// PREFIX.base.fvecs and PREFIX.queries.fvecs are written.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <random>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/support/fvecs.h"
#include "bench/workload/ann_data/synthetic.h"
#include "examples/dictionary_search/wordnet.h"
#include "ochre/ochre.h"
#ifdef OCHRE_HAS_FASTTEXT
#include "ochre/fasttext.h"
#endif

namespace ochre {
namespace {

constexpr int64_t kQueryCount = 1'000;

Result<Matrix> WordNetRows(const std::string& model) {
#ifdef OCHRE_HAS_FASTTEXT
  OCHRE_ASSIGN_OR_RETURN(const auto embedder, LoadFastTextEmbedder(model));
  OCHRE_ASSIGN_OR_RETURN(const std::vector<Synset> synsets, ReadWordNet());
  std::vector<std::string_view> glosses;
  for (const Synset& synset : synsets) glosses.push_back(synset.gloss);
  Matrix rows = {.values = std::vector<float>(glosses.size() * static_cast<size_t>(embedder->Dimension())),
                 .columns = embedder->Dimension()};
  OCHRE_RETURN_IF_ERROR(embedder->Embed(glosses, rows.values));
  return rows;
#else
  return Status::FailedPrecondition("this program was built without fastText, which ", model, " needs");
#endif
}

// Fisher and Yates's shuffle, written out: std::shuffle is free to differ between libraries.
void Shuffle(Matrix& rows) {
  std::mt19937_64 random(1);
  for (int64_t i = rows.rows() - 1; i > 0; --i) {
    const auto j = static_cast<int64_t>(random() % static_cast<uint64_t>(i + 1));
    if (i == j) continue;
    std::swap_ranges(rows.values.begin() + i * rows.columns, rows.values.begin() + (i + 1) * rows.columns,
                     rows.values.begin() + j * rows.columns);
  }
}

// A row of zeros has no direction, and is as near to everything by cosine.
void DropZeroRows(Matrix& rows) {
  Matrix kept = {.values = {}, .columns = rows.columns};
  for (int64_t row = 0; row < rows.rows(); ++row) {
    const std::span<const float> values = rows.Row(row);
    if (std::any_of(values.begin(), values.end(), [](float value) { return value != 0; })) {
      kept.values.insert(kept.values.end(), values.begin(), values.end());
    }
  }
  rows = std::move(kept);
}

Status Write(Matrix rows, const std::string& prefix) {
  DropZeroRows(rows);
  if (rows.rows() <= kQueryCount) return Status::InvalidArgument("there are ", rows.rows(), " rows only");
  Shuffle(rows);
  const int64_t base_count = rows.rows() - kQueryCount;
  const std::span<const float> values = rows.values;
  const auto split = static_cast<size_t>(base_count * rows.columns);
  OCHRE_RETURN_IF_ERROR(WriteFvecs(prefix + ".base.fvecs", {values.first(split), rows.columns}));
  OCHRE_RETURN_IF_ERROR(WriteFvecs(prefix + ".queries.fvecs", {values.subspan(split), rows.columns}));
  std::printf("%s: %lld rows and %lld queries of %lld dimensions\n", prefix.c_str(), static_cast<long long>(base_count),
              static_cast<long long>(kQueryCount), static_cast<long long>(rows.columns));
  return Status::Ok();
}

Status Run(const std::vector<std::string>& arguments) {
  if (arguments.size() == 3 && arguments[0] == "wordnet") {
    OCHRE_ASSIGN_OR_RETURN(Matrix rows, WordNetRows(arguments[1]));
    return Write(std::move(rows), arguments[2]);
  }
  if (arguments.size() == 4 && arguments[0] == "synthetic") {
    const int64_t row_count = std::atoll(arguments[1].c_str());
    const int32_t dimension = std::atoi(arguments[2].c_str());
    if (row_count < 1 || dimension < 1) return Status::InvalidArgument("ROWS and DIMENSION are numbers from 1 on");
    return Write(SyntheticRows({.row_count = row_count + kQueryCount, .dimension = dimension}), arguments[3]);
  }
  return Status::InvalidArgument("usage: ochre_ann_data wordnet MODEL PREFIX | synthetic ROWS DIMENSION PREFIX");
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  const ochre::Status status = ochre::Run({argv + 1, argv + argc});
  if (!status.ok()) std::fprintf(stderr, "ochre_ann_data: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
