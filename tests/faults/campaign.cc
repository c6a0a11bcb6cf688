#include "tests/faults/campaign.h"

#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <utility>

#include "tests/faults/fault_shim.h"
#include "tests/faults/workload.h"

namespace ochre {
namespace {

// Long assertion messages and statuses are cut: the beginning says what it was.
constexpr size_t kFailureBytesMax = 1'500;

uint64_t NumberFromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

}  // namespace

bool IsLongCampaign() {
  const char* text = std::getenv("OCHRE_FAULTS");
  return text != nullptr && std::string_view(text) == "long";
}

uint64_t CampaignSeed() { return NumberFromEnvironment("OCHRE_FAULTS_SEED", 1); }

std::filesystem::path FaultsDirectory() {
  std::error_code error;
  const std::filesystem::path memory = "/dev/shm";
  if (std::filesystem::is_directory(memory, error) && access(memory.c_str(), W_OK) == 0) return memory;
  return std::filesystem::temp_directory_path();
}

Campaign::Campaign(std::string name, const std::vector<std::string>& arguments)
    : name_(std::move(name)), seed_(CampaignSeed()) {
  for (const std::string& argument : arguments) {
    const size_t equals = argument.find('=');
    arguments_[argument.substr(0, equals)] = equals == std::string::npos ? "1" : argument.substr(equals + 1);
  }
  std::string pattern = (FaultsDirectory() / "ochre-faults-XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) std::abort();
  scratch_ = pattern;
}

Campaign::~Campaign() {
  std::error_code error;
  std::filesystem::remove_all(scratch_, error);
}

std::string Campaign::Text(std::string_view key, std::string_view otherwise) const {
  const auto found = arguments_.find(key);
  return found == arguments_.end() ? std::string(otherwise) : found->second;
}

int64_t Campaign::Number(std::string_view key, int64_t otherwise) const {
  const auto found = arguments_.find(key);
  return found == arguments_.end() ? otherwise : std::strtoll(found->second.c_str(), nullptr, 10);
}

Durability Campaign::durability() const {
  const std::string name = Text("durability", "full");
  for (const Durability durability : {Durability::kNone, Durability::kNormal}) {
    if (name == DurabilityName(durability)) return durability;
  }
  return Durability::kFull;
}

bool Campaign::Tries(int64_t point) const {
  const int64_t only = Number("point", 0);
  if (only > 0) return point == only;
  const int64_t stride = Number("stride", 1);
  // The prime spreads small seeds over the stride.
  return point % stride == static_cast<int64_t>(seed() * 7'919 % static_cast<uint64_t>(stride));
}

void Campaign::Case(const std::string& which, const std::string& failure) {
  ++cases_;
  if (failure.empty()) return;
  ++failed_;
  std::string arguments;
  for (const auto& [key, value] : arguments_) {
    if (key != "stride" && key != "point" && key != "seed") arguments += " " + key + "=" + value;
  }
  std::printf("FAILED %s%s: %s\n  repeat: OCHRE_FAULTS_SEED=%llu LD_PRELOAD=%s %s %s %s%s %s\n", name_.c_str(),
              (" " + which).c_str(), failure.substr(0, kFailureBytesMax).c_str(),
              static_cast<unsigned long long>(seed()), std::getenv("LD_PRELOAD"),
              std::filesystem::read_symlink("/proc/self/exe").c_str(), std::string(kDriverArgument).c_str(),
              name_.c_str(), arguments.c_str(), which.c_str());
  std::fflush(stdout);
}

int Campaign::Finish(int64_t points) {
  std::string line = name_;
  for (const auto& [key, value] : arguments_) line += " " + key + "=" + value;
  line += ": " + std::to_string(points) + " points, " + std::to_string(cases_) + " cases, " + std::to_string(failed_) +
          " failed";
  for (const auto& [what, count] : notes_) line += ", " + std::to_string(count) + " " + what;
  const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - began_;
  char tail[64];
  std::snprintf(tail, sizeof(tail), ", seed %llu, %.1f s", static_cast<unsigned long long>(seed()), seconds.count());
  line += tail;
  std::printf("%s\n", line.c_str());
  if (const char* report = std::getenv("OCHRE_FAULTS_REPORT")) {
    if (std::FILE* file = std::fopen(report, "a")) {
      std::fprintf(file, "%s\n", line.c_str());
      std::fclose(file);
    }
  }
  if (cases_ == 0) std::printf("no case was tried\n");  // a campaign that tests nothing must not pass
  return failed_ == 0 && cases_ > 0 ? 0 : 1;
}

void CopyDirectory(const std::filesystem::path& from, const std::filesystem::path& to) {
  std::filesystem::remove_all(to);
  std::filesystem::copy(from, to, std::filesystem::copy_options::recursive);
}

}  // namespace ochre
