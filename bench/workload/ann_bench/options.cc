#include "bench/workload/ann_bench/options.h"

#include <charconv>
#include <functional>
#include <map>
#include <string_view>

namespace ochre {

const char* const kUsage =
    R"(usage: ochre_ann_bench --base FILE.fvecs --queries FILE.fvecs [option...]
  --truth FILE.ivecs       the true neighbours; computed and written there when missing (default: beside the base)
  --space l2|cosine|ip     default l2
  --k N                    results a query, default 10
  --threads N              measures also with N threads, and Ochre's build with as many
  --peers A,B              of hnswlib, faiss
  --filter-selectivity P,.. percentages of the rows that filters keep, e.g. 0.1,1,3,10,30,50,90
  --json FILE              writes what was measured
  --svg FILE               draws queries/s over recall
  --dispatch avx2          Ochre uses no more than AVX2
  --quantization none|int8|lvq4  Ochre's, default int8
  --m N, --ef-construction N     of every engine's graph, default 16 and 200
  --rounds N               passes over the queries, the fastest counts; default 3
  --quick                  the first 20,000 rows and 200 queries only
  --work FOLDER            where the indexes are made; they stay there (default: beside the base)
  --reuse                  opens indexes that an earlier run left there
)";

namespace {

template <typename T>
Result<T> Number(std::string_view name, std::string_view text, T minimum, T maximum) {
  T value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !(value >= minimum && value <= maximum)) {
    return Status::InvalidArgument(name, " takes a number from ", minimum, " to ", maximum, ", not ", text);
  }
  return value;
}

template <typename T>
Result<T> Choice(std::string_view name, std::string_view text, const std::map<std::string_view, T>& choices) {
  const auto choice = choices.find(text);
  if (choice != choices.end()) return choice->second;
  std::string known;
  for (const auto& [key, value] : choices) known += (known.empty() ? "" : ", ") + std::string(key);
  return Status::InvalidArgument(name, " takes one of ", known, ", not ", text);
}

std::vector<std::string> Split(const std::string& list) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    parts.push_back(list.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

const std::map<std::string_view, Space> kSpaces = {
    {"l2", Space::kL2}, {"cosine", Space::kCosine}, {"ip", Space::kInnerProduct}};
const std::map<std::string_view, Quantization> kQuantizations = {
    {"none", Quantization::kNone}, {"int8", Quantization::kInt8}, {"lvq4", Quantization::kLvq4}};

// From a name to what takes its value.
using Setters = std::map<std::string_view, std::function<Status(const std::string& value)>>;

template <typename T>
std::function<Status(const std::string&)> NumberSetter(std::string_view name, T& place, T minimum, T maximum) {
  return [name, &place, minimum, maximum](const std::string& value) -> Status {
    OCHRE_ASSIGN_OR_RETURN(place, Number<T>(name, value, minimum, maximum));
    return Status::Ok();
  };
}

template <typename T>
std::function<Status(const std::string&)> ChoiceSetter(std::string_view name, T& place,
                                                       const std::map<std::string_view, T>& choices) {
  return [name, &place, &choices](const std::string& value) -> Status {
    OCHRE_ASSIGN_OR_RETURN(place, Choice(name, value, choices));
    return Status::Ok();
  };
}

std::function<Status(const std::string&)> PathSetter(std::filesystem::path& place) {
  return [&place](const std::string& value) {
    place = value;
    return Status::Ok();
  };
}

Status SetPeers(const std::string& value, BenchOptions& options) {
  for (const std::string& peer : Split(value)) {
    if (peer != "hnswlib" && peer != "faiss") {
      return Status::InvalidArgument("--peers takes hnswlib and faiss, not ", peer);
    }
    options.peers.push_back(peer);
  }
  return Status::Ok();
}

Status SetSelectivities(const std::string& value, BenchOptions& options) {
  for (const std::string& part : Split(value)) {
    OCHRE_ASSIGN_OR_RETURN(const double percent, Number<double>("--filter-selectivity", part, 0.001, 100));
    options.filter_selectivities.push_back(percent / 100);
  }
  return Status::Ok();
}

Setters SettersOf(BenchOptions& options) {
  return {
      {"--base", PathSetter(options.base)},
      {"--queries", PathSetter(options.queries)},
      {"--truth", PathSetter(options.truth)},
      {"--json", PathSetter(options.json)},
      {"--svg", PathSetter(options.svg)},
      {"--work", PathSetter(options.work)},
      {"--space", ChoiceSetter("--space", options.space, kSpaces)},
      {"--quantization", ChoiceSetter("--quantization", options.quantization, kQuantizations)},
      {"--k", NumberSetter<int64_t>("--k", options.k, 1, 100'000)},
      {"--threads", NumberSetter<int32_t>("--threads", options.threads, 1, 1'024)},
      {"--m", NumberSetter<int32_t>("--m", options.max_neighbors, 2, 512)},
      {"--ef-construction", NumberSetter<int32_t>("--ef-construction", options.ef_construction, 1, 10'000)},
      {"--rounds", NumberSetter<int32_t>("--rounds", options.rounds, 1, 1'000)},
      {"--peers", [&](const std::string& value) { return SetPeers(value, options); }},
      {"--filter-selectivity", [&](const std::string& value) { return SetSelectivities(value, options); }},
      {"--dispatch",
       [&](const std::string& value) {
         options.avx2 = true;
         return value == "avx2" ? Status::Ok() : Status::InvalidArgument("--dispatch takes avx2, not ", value);
       }},
      {"--probe",
       [&](const std::string& value) {
         options.probe = value;
         return Status::Ok();
       }},
  };
}

template <typename T>
std::string NameIn(const std::map<std::string_view, T>& names, T value) {
  for (const auto& [name, candidate] : names) {
    if (candidate == value) return std::string(name);
  }
  return "unknown";
}

}  // namespace

Result<BenchOptions> ParseOptions(std::span<const std::string> arguments) {
  BenchOptions options;
  const Setters setters = SettersOf(options);
  for (size_t i = 0; i < arguments.size(); ++i) {
    const std::string& name = arguments[i];
    if (name == "--quick") {
      options.quick = true;
    } else if (name == "--reuse") {
      options.reuse = true;
    } else {
      const auto setter = setters.find(name);
      if (setter == setters.end()) return Status::InvalidArgument("there is no option ", name);
      if (++i == arguments.size()) return Status::InvalidArgument(name, " takes a value");
      OCHRE_RETURN_IF_ERROR(setter->second(arguments[i]));
    }
  }
  if (options.base.empty() || options.queries.empty()) {
    return Status::InvalidArgument("--base and --queries are required");
  }
  return options;
}

std::string NameOf(Space space) { return NameIn(kSpaces, space); }
std::string NameOf(Quantization quantization) { return NameIn(kQuantizations, quantization); }

}  // namespace ochre
