#include "segment/vector_index.h"

#include <gtest/gtest.h>

#include <cstring>

#include "distance/codes.h"
#include "hnsw/flat_graph.h"
#include "segment/code_file.h"
#include "storage/local_storage.h"
#include "storage/memory_storage.h"
#include "tests/distance/aligned_rows.h"
#include "tests/distance/coded_rows.h"
#include "tests/storage/temporary_folder.h"
#include "tests/support/expect_ok.h"
#include "tests/support/must.h"

namespace ochre {
namespace {

constexpr int32_t kDimension = 4;

// A ring: node i links to i + 1.
FlatGraph Ring(uint32_t row_count) {
  FlatGraph graph = {.row_count = row_count, .max_neighbors = 16, .base_links = {}, .upper_layers = {}};
  graph.base_links.assign(row_count * BaseLinkStride(graph.max_neighbors), kNoLink);
  for (uint32_t node = 0; node < row_count; ++node) graph.BasePlaces(node)[0] = (node + 1) % row_count;
  return graph;
}

// The files of an index over `row_count` rows, in `storage`.
struct Files {
  Files(Storage& storage, uint32_t row_count) {
    const AlignedRows rows(RandomFloats(row_count * kDimension, /*seed=*/1), kDimension);
    const Quantizer quantizer = Quantizer::Train(Space::kL2, Quantization::kInt8, rows.span());
    const CodedRows coded(quantizer, rows.span());
    auto codes_writer = Must(storage.Create("codes.bin"));
    Must(AppendCodes(quantizer, coded.span(), coded.bounds(), *codes_writer));
    codes = Must(VerifiedBlob::Open(storage, Must(codes_writer->Finish())));
    auto graph_writer = Must(storage.Create("graph.bin"));
    Must(AppendGraph(Ring(row_count), *graph_writer));
    graph = Must(VerifiedBlob::Open(storage, Must(graph_writer->Finish())));
  }

  std::unique_ptr<const VerifiedBlob> codes, graph;
};

// 8 MB of links and codes: as few as are copied.
constexpr uint32_t kManyRows = 50'000;

TEST(VectorIndexTest, LargeFilesAreCopiedAndServedFromTheCopy) {
  const TemporaryFolder folder;
  LocalStorage storage(folder.path(), /*sync=*/false);
  const Files files(storage, kManyRows);
  ASSERT_OK_AND_ASSIGN(const auto index, VectorIndex::Open({.codes = files.codes.get(), .graph = files.graph.get()},
                                                           Space::kL2, kManyRows, kDimension));
  const VectorIndex::Parts before = index->parts();
  index->WaitUntilCopied();
  EXPECT_TRUE(index->is_copied());
  const VectorIndex::Parts& after = index->parts();
  ASSERT_OK_AND_ASSIGN(const auto codes, files.codes->ReadAll());
  EXPECT_FALSE(after.codes.data >= codes.data() && after.codes.data < codes.data() + codes.size());
  EXPECT_EQ(reinterpret_cast<uintptr_t>(after.codes.data) % 64, 0u);
  // What was taken before the copy was ready stays valid, and says the same.
  ASSERT_EQ(after.codes.row_count, before.codes.row_count);
  EXPECT_EQ(std::memcmp(after.codes.data, before.codes.data,
                        static_cast<size_t>(after.codes.row_count * after.codes.stride())),
            0);
  for (uint32_t node = 0; node < kManyRows; ++node) {
    ASSERT_EQ(after.graph->Links(node).size(), 1u);
    ASSERT_EQ(after.graph->Links(node)[0], before.graph->Links(node)[0]);
  }
  EXPECT_EQ(after.graph->entry_point(), before.graph->entry_point());
}

TEST(VectorIndexTest, AnIndexCanBeClosedWhileItIsCopied) {
  const TemporaryFolder folder;
  LocalStorage storage(folder.path(), /*sync=*/false);
  const Files files(storage, kManyRows);
  for (int i = 0; i < 20; ++i) {
    const auto index =
        VectorIndex::Open({.codes = files.codes.get(), .graph = files.graph.get()}, Space::kL2, kManyRows, kDimension);
    EXPECT_OK(index);
  }
}

TEST(VectorIndexTest, SmallFilesAndThoseInMemoryStayWhereTheyAre) {
  const TemporaryFolder folder;
  LocalStorage local(folder.path(), /*sync=*/false);
  MemoryStorage memory;
  const Files small(local, 1'000), in_memory(memory, kManyRows);
  for (const Files* files : {&small, &in_memory}) {
    ASSERT_OK_AND_ASSIGN(const auto index,
                         VectorIndex::Open({.codes = files->codes.get(), .graph = files->graph.get()}, Space::kL2,
                                           files == &small ? 1'000 : kManyRows, kDimension));
    index->WaitUntilCopied();
    EXPECT_FALSE(index->is_copied());
  }
}

TEST(VectorIndexTest, EitherPartMayBeMissing) {
  MemoryStorage storage;
  const Files files(storage, 1'000);
  ASSERT_OK_AND_ASSIGN(const auto only_codes,
                       VectorIndex::Open({.codes = files.codes.get()}, Space::kL2, 1'000, kDimension));
  EXPECT_TRUE(only_codes->has_codes());
  EXPECT_FALSE(only_codes->parts().graph.has_value());
  ASSERT_OK_AND_ASSIGN(const auto only_graph,
                       VectorIndex::Open({.graph = files.graph.get()}, Space::kL2, 1'000, kDimension));
  EXPECT_FALSE(only_graph->has_codes());
  EXPECT_EQ(only_graph->parts().graph->row_count(), 1'000);
}

TEST(VectorIndexTest, AFileOfAnotherSegmentIsDataLoss) {
  MemoryStorage storage;
  const Files files(storage, 1'000);
  EXPECT_EQ(VectorIndex::Open({.codes = files.codes.get()}, Space::kL2, 999, kDimension).status().code(),
            StatusCode::kDataLoss);
  EXPECT_EQ(VectorIndex::Open({.graph = files.graph.get()}, Space::kL2, 999, kDimension).status().code(),
            StatusCode::kDataLoss);
}

}  // namespace
}  // namespace ochre
