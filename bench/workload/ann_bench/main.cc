// ochre_ann_bench: Ochre's vector search against its peers', in one run over the same data. See options.cc for the
// command line, docs/benchmarks.md for what came out.
#include <hwy/targets.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "bench/support/fvecs.h"
#include "bench/support/page_cache.h"
#include "bench/workload/ann_bench/comparison.h"
#include "bench/workload/ann_bench/data_set.h"
#include "bench/workload/ann_bench/engine.h"
#include "bench/workload/ann_bench/filter_bench.h"
#include "bench/workload/ann_bench/hnswlib_engine.h"
#include "bench/workload/ann_bench/ochre_engine.h"
#include "bench/workload/ann_bench/options.h"
#include "bench/workload/ann_bench/plot_svg.h"
#include "bench/workload/ann_bench/probe.h"
#include "bench/workload/ann_bench/report.h"
#include "bench/workload/ann_bench/report_json.h"
#include "bench/workload/ann_bench/segment_searcher.h"
#include "bench/workload/ann_bench/sweep.h"
#include "distance/kernels.h"
#include "segment/manifest.h"
#ifdef OCHRE_HAS_FAISS
#include "bench/workload/ann_bench/faiss_engine.h"
#endif

namespace ochre {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kQuickRows = 20'000, kQuickQueries = 200;

const std::vector<double> kEfs = {10, 14, 20, 28, 40, 56, 80, 112, 160, 224, 320, 448, 640, 896};
const std::vector<double> kTargetRecalls = {0.8, 0.85, 0.9, 0.93, 0.95, 0.97, 0.98, 0.99, 0.995, 0.999};

void KeepFirst(Matrix& matrix, int64_t rows) {
  if (matrix.rows() > rows) matrix.values.resize(static_cast<size_t>(rows * matrix.columns));
}

Status WriteText(const fs::path& path, const std::string& text) {
  std::ofstream file(path, std::ios::binary);
  file << text;
  file.close();
  return file ? Status::Ok() : Status::Unavailable("cannot write ", path.string());
}

// The engines that take part; which only search what another one has built come after it.
Result<std::vector<EngineKind>> EnginesOf(const BenchOptions& options) {
  std::vector<EngineKind> kinds = {kOchre, kOchreCore};
  for (const std::string& peer : options.peers) {
    if (peer == "hnswlib") {
      kinds.push_back(kHnswlib);
      continue;
    }
#ifdef OCHRE_HAS_FAISS
    kinds.push_back(kFaissHnswFlat);
    kinds.push_back(kFaissHnswSq8);
#else
    return Status::FailedPrecondition(
        "this program was built without Faiss: install libfaiss-dev, and configure again");
#endif
  }
  return kinds;
}

// One run of the program.
class Bench {
 public:
  Bench(BenchOptions options, std::vector<std::string> arguments, std::vector<EngineKind> kinds)
      : options_(std::move(options)), arguments_(std::move(arguments)), kinds_(std::move(kinds)) {}

  Status Run() {
    OCHRE_RETURN_IF_ERROR(Load());
    if (!options_.probe.empty()) return ProbeOne();
    OCHRE_RETURN_IF_ERROR(MakeData());
    PrintHead();
    for (const EngineKind& kind : kinds_) OCHRE_RETURN_IF_ERROR(Prepare(kind));
    OCHRE_RETURN_IF_ERROR(MeasureAll());
    PrintRuns();
    std::printf("\n%s", ToTable(Compare(report_)).c_str());
    if (!options_.json.empty()) OCHRE_RETURN_IF_ERROR(WriteText(options_.json, ToJson(report_)));
    if (!options_.svg.empty()) OCHRE_RETURN_IF_ERROR(WriteText(options_.svg, ToSvg(report_)));
    return Status::Ok();
  }

 private:
  // Reads the files, and names what is made of them: the folder of the indexes, and the options of these.
  Status Load() {
    OCHRE_ASSIGN_OR_RETURN(queries_, ReadFvecs(options_.queries));
    if (options_.quick) KeepFirst(queries_, kQuickQueries);
    index_options_ = {.space = options_.space,
                      .dimension = static_cast<int32_t>(queries_.columns),
                      .max_neighbors = options_.max_neighbors,
                      .ef_construction = options_.ef_construction,
                      .quantization = options_.quantization,
                      .with_metadata = !options_.filter_selectivities.empty()};
    name_ = options_.base.filename().string();
    name_ = name_.substr(0, name_.find('.'));
    const std::string data = name_ + (options_.quick ? ".quick." : ".") + NameOf(options_.space);
    const fs::path folder = options_.base.parent_path();
    if (options_.truth.empty()) options_.truth = folder / (data + ".truth.ivecs");
    if (options_.work.empty()) {
      options_.work = folder / (data + ".m" + std::to_string(options_.max_neighbors) + ".ef" +
                                std::to_string(options_.ef_construction) + "." + NameOf(options_.quantization) +
                                (index_options_.with_metadata ? ".filters" : "") + ".indexes");
    }
    return Status::Ok();
  }

  Status ProbeOne() {
    for (const EngineKind& kind : kinds_) {
      if (kind.name == options_.probe) {
        return Probe(kind, PathOf(kind), index_options_, {queries_.values, queries_.columns}, options_.k);
      }
    }
    return Status::InvalidArgument("--probe: no engine ", options_.probe, " takes part");
  }

  Status MakeData() {
    OCHRE_ASSIGN_OR_RETURN(Matrix base, ReadFvecs(options_.base));
    if (options_.quick) KeepFirst(base, kQuickRows);
    const auto data_time = std::max(fs::last_write_time(options_.base), fs::last_write_time(options_.queries));
    OCHRE_ASSIGN_OR_RETURN(
        data_, DataSet::Make(std::move(base), queries_, options_.space, options_.k, options_.truth, data_time));
    if (index_options_.with_metadata) attributes_ = MakeFilterAttributes(*data_);
    if (!options_.reuse) fs::remove_all(options_.work);
    fs::create_directories(options_.work);
    report_ = {.data = name_,
               .row_count = data_->base().rows(),
               .query_count = data_->queries().rows(),
               .dimension = index_options_.dimension,
               .space = NameOf(options_.space),
               .k = options_.k,
               .max_neighbors = options_.max_neighbors,
               .ef_construction = options_.ef_construction,
               .quantization = NameOf(options_.quantization),
               .kernels = std::string(KernelTarget()),
               .forced_dispatch = options_.avx2,
               .runs = {},
               .filters = {}};
    return Status::Ok();
  }

  void PrintHead() const {
    std::printf("%s: %lld x %d, %s, recall@%lld, M %d, ef_construction %d, codes %s, kernels %s%s; indexes in %s\n",
                name_.c_str(), static_cast<long long>(report_.row_count), report_.dimension, report_.space.c_str(),
                static_cast<long long>(report_.k), report_.max_neighbors, report_.ef_construction,
                report_.quantization.c_str(), report_.kernels.c_str(), report_.forced_dispatch ? " (forced)" : "",
                options_.work.string().c_str());
    if (std::ranges::count(options_.peers, "faiss") > 0) {
      std::printf("Faiss is Debian's build, which uses no AVX2; its speed is that of whole batches in a call.\n");
    }
  }

  // The index of an engine; what does not build, opens Ochre's.
  fs::path PathOf(const EngineKind& kind) const {
    return options_.work / std::string(kind.build == nullptr ? kOchre.name : kind.name);
  }

  Result<double> BuildAt(const EngineKind& kind, int32_t threads, const fs::path& path) {
    if (kind.name == kOchre.name && index_options_.with_metadata) {
      return BuildOchre(data_->base(), index_options_, threads, path,
                        [&](int64_t row) { return attributes_.OfRow(row); });
    }
    return kind.build(data_->base(), index_options_, threads, path);
  }

  // Builds an engine's index, or takes what is there; the seconds are kept in a file beside it.
  Status BuildOrReuse(const EngineKind& kind, int32_t threads, const fs::path& path, EngineRun* run) {
    const fs::path seconds_path = path.string() + ".seconds";
    run->build_threads = threads;
    if (options_.reuse && fs::exists(seconds_path)) {
      double seconds = 0;
      std::ifstream(seconds_path) >> seconds;
      run->build_seconds = seconds;
      return Status::Ok();
    }
    fs::remove_all(path);  // of a run that was interrupted
    std::printf("building %s with %d thread%s ... ", std::string(kind.name).c_str(), threads, threads > 1 ? "s" : "");
    std::fflush(stdout);
    OCHRE_ASSIGN_OR_RETURN(run->build_seconds, BuildAt(kind, threads, path));
    std::printf("%.1f s\n", *run->build_seconds);
    std::fflush(stdout);
    return WriteText(seconds_path, std::to_string(*run->build_seconds));
  }

  Status Prepare(const EngineKind& kind) {
    EngineRun run = {.engine = std::string(kind.name)};
    const fs::path path = PathOf(kind);
    if (kind.build != nullptr) {
      const auto cores = static_cast<int32_t>(std::max(1u, std::thread::hardware_concurrency()));
      OCHRE_RETURN_IF_ERROR(BuildOrReuse(kind, kind.builds_with_all_cores ? cores : 1, path, &run));
      const auto rows = static_cast<double>(report_.row_count);
      run.disk_bytes_per_vector = static_cast<double>(BytesOnDisk(path)) / rows;
      std::vector<std::string> arguments = arguments_;
      arguments.insert(arguments.end(), {"--probe", run.engine});
      OCHRE_ASSIGN_OR_RETURN(const ProbeResult probe, RunProbe(arguments));
      run.open_ms = probe.open_ms;
      run.memory_bytes_per_vector = std::max(probe.private_bytes, BytesSearchedInFiles(kind)) / rows;
      run.mapped_bytes_per_vector = probe.mapped_bytes / rows;
    }
    report_.runs.push_back(run);
    if (options_.threads > 1) {
      EngineRun threaded = {.engine = run.engine, .threads = options_.threads};
      if (kind.name == kOchre.name) {
        const fs::path path_of_threads = path.string() + ".threads";
        OCHRE_RETURN_IF_ERROR(BuildOrReuse(kind, options_.threads, path_of_threads, &threaded));
        fs::remove_all(path_of_threads);
      }
      report_.runs.push_back(threaded);
    }
    return Status::Ok();
  }

  // What a search reads at random places: of a small index Ochre leaves it in the mapped files.
  double BytesSearchedInFiles(const EngineKind& kind) const {
    if (kind.name != kOchre.name) return 0;
    int64_t bytes = 0;
    for (const auto& entry : fs::recursive_directory_iterator(PathOf(kind))) {
      const std::string name = entry.path().filename().string();
      const bool is_searched = name == kGraphName || name == kCodesName ||
                               (name == kVectorsName && options_.quantization == Quantization::kNone);
      if (is_searched) bytes += static_cast<int64_t>(entry.file_size());
    }
    return static_cast<double>(bytes);
  }

  const EngineKind& KindOf(const EngineRun& run) const {
    return *std::find_if(kinds_.begin(), kinds_.end(), [&](const EngineKind& kind) { return kind.name == run.engine; });
  }

  Status MeasureAll() {
    // Ochre's engines share one open database.
    OCHRE_ASSIGN_OR_RETURN(const OchreIndex index, OpenOchreIndex(PathOf(kOchre)));
    const std::unique_ptr<Engine> by_ef = SearchByEf(index, 1);
    const std::unique_ptr<Engine> by_ef_with_threads = SearchByEf(index, options_.threads);
    const std::unique_ptr<Engine> by_target_recall = SearchByTargetRecall(index);
    std::vector<std::unique_ptr<Engine>> others;
    for (const EngineKind& kind : kinds_) {
      if (kind.name == kOchre.name) continue;
      OCHRE_ASSIGN_OR_RETURN(others.emplace_back(), kind.open(PathOf(kind), index_options_));
      others.back()->Settle();
    }
    const auto engine_of = [&](const EngineRun& run) {
      const auto kind = static_cast<size_t>(&KindOf(run) - kinds_.data());
      return kind == 0 ? by_ef.get() : others[kind - 1].get();
    };

    std::vector<double> efs;
    std::copy_if(kEfs.begin(), kEfs.end(), std::back_inserter(efs),
                 [&](double ef) { return ef >= static_cast<double>(options_.k); });
    // One thread's contenders by themselves: waiting for threads may make this one change its core and lose its caches.
    std::vector<Contender> alone, threaded;
    for (EngineRun& run : report_.runs) {
      Engine* engine = engine_of(run);
      if (run.threads > 1) {
        threaded.push_back({.engine = engine, .knobs = efs, .threads = run.threads, .curve = &run.curve});
        if (engine == by_ef.get()) {
          threaded.push_back({by_ef_with_threads.get(), efs, 1, /*is_batched=*/true, &run.batched_curve});
        }
        continue;
      }
      alone.push_back({engine, efs, 1, KindOf(run).is_batched, &run.curve});
      if (engine == by_ef.get()) {
        alone.push_back({by_target_recall.get(), kTargetRecalls, 1, /*is_batched=*/false, &run.target_recall_curve});
        alone.push_back({engine, efs, 1, /*is_batched=*/true, &run.batched_curve});
      }
    }
    OCHRE_RETURN_IF_ERROR(WarmUp(*by_ef));
    OCHRE_RETURN_IF_ERROR(Sweep(*data_, options_.rounds, alone));
    OCHRE_RETURN_IF_ERROR(Sweep(*data_, options_.rounds, threaded));

    if (!index_options_.with_metadata) return Status::Ok();
    OCHRE_ASSIGN_OR_RETURN(const auto searcher, SegmentSearcher::Open(PathOf(kOchre)));
    OCHRE_ASSIGN_OR_RETURN(report_.filters, MeasureFilters(*data_, attributes_, index, *searcher,
                                                           options_.filter_selectivities, options_.rounds));
    return Status::Ok();
  }

  // A database copies what it searches to large pages in the background of its first queries.
  Status WarmUp(Engine& engine) const {
    engine.SetKnob(kEfs.back());
    std::vector<uint32_t> found(static_cast<size_t>(data_->queries().rows() * data_->k()));
    OCHRE_RETURN_IF_ERROR(engine.Search(data_->queries(), data_->k(), found));
    WaitForSteadyMemory();
    return Status::Ok();
  }

  static void PrintCurve(const std::string& name, const std::vector<CurvePoint>& curve) {
    if (curve.empty()) return;
    std::printf("%-28s", name.c_str());
    for (const double recall : kReportedRecalls) {
      const auto speed = SpeedAtRecall(recall, curve);
      speed.has_value() ? std::printf(" %10.0f", *speed) : std::printf(" %10s", "-");
    }
    std::printf("\n");
    for (const CurvePoint& point : curve) {
      std::printf("    %6g  recall %.4f  %8.0f/s  p50 %7.1f us  p99 %7.1f us", point.knob, point.recall,
                  point.queries_per_second, point.p50_us, point.p99_us);
      if (point.distances_per_query.has_value()) std::printf("  %6.0f distances", *point.distances_per_query);
      std::printf("\n");
    }
  }

  void PrintRuns() const {
    std::printf("\n%-28s %10s %10s %10s  queries/s at that recall\n", "", "0.90", "0.95", "0.99");
    for (const EngineRun& run : report_.runs) {
      const std::string name = run.engine + (run.threads > 1 ? ", " + std::to_string(run.threads) + " threads" : "");
      PrintCurve(name, run.curve);
      PrintCurve(name + ", target_recall", run.target_recall_curve);
      PrintCurve(name + ", batched", run.batched_curve);
    }
    std::printf("\n%-18s %8s %8s %10s %10s %10s %9s\n", "", "threads", "build s", "memory B", "mapped B", "disk B",
                "open ms");
    for (const EngineRun& run : report_.runs) {
      if (!run.build_seconds.has_value()) continue;
      std::printf("%-18s %8d %8.1f %10.0f %10.0f %10.0f %9.1f\n", run.engine.c_str(), run.build_threads,
                  *run.build_seconds, run.memory_bytes_per_vector.value_or(0), run.mapped_bytes_per_vector.value_or(0),
                  run.disk_bytes_per_vector.value_or(0), run.open_ms.value_or(0));
    }
    std::printf(
        "(B: bytes per vector. memory: by which a new process's own memory grew by opening and searching; mapped: "
        "pages "
        "of files besides, which the kernel may drop.)\n");
    if (report_.filters.empty()) return;
    std::printf("\n%-16s %8s %9s %9s %9s %8s %9s %8s %s\n", "filter", "keeps %", "plan us", "scan us", "graph us",
                "recall", "API us", "recall", "plan/better");
    for (const FilterRun& run : report_.filters) {
      std::printf("%-16s %8g %9.1f %9.1f %9.1f %8.3f %9.1f %8.3f %8.2f%s\n", run.kind.c_str(), 100 * run.selectivity,
                  run.plan_us, run.scan_us, run.graph_us, run.graph_recall, run.api_us, run.recall,
                  run.plan_us / run.BetterUs(), run.enough ? "" : "  TOO FEW");
    }
  }

  BenchOptions options_;
  const std::vector<std::string> arguments_;
  const std::vector<EngineKind> kinds_;
  IndexOptions index_options_;
  std::string name_;
  Matrix queries_;
  std::optional<DataSet> data_;
  FilterAttributes attributes_;
  Report report_;
};

Status Main(const std::vector<std::string>& arguments) {
  OCHRE_ASSIGN_OR_RETURN(BenchOptions options, ParseOptions(arguments));
  // Before the first distance: what Highway has chosen once, it keeps. Better targets are lower bits.
  if (options.avx2) hwy::DisableTargets(HWY_AVX2 - 1);
  OCHRE_ASSIGN_OR_RETURN(std::vector<EngineKind> kinds, EnginesOf(options));
  return Bench(std::move(options), arguments, std::move(kinds)).Run();
}

}  // namespace
}  // namespace ochre

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + 1, argv + argc);
  if (arguments.empty() || arguments.front() == "--help" || arguments.front() == "-h") {
    std::fputs(ochre::kUsage, stdout);
    return arguments.empty() ? 1 : 0;
  }
  const ochre::Status status = ochre::Main(arguments);
  if (!status.ok()) std::fprintf(stderr, "ochre_ann_bench: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
