#include "tests/faults/disk_model.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace ochre {
namespace {

// What a disk writes as a whole, and what the page cache writes back as a whole.
constexpr size_t kSectorBytes = 512;
constexpr size_t kPageBytes = 4'096;

std::string ParentOf(const std::string& path) { return path.substr(0, path.rfind('/')); }

bool Chance(std::mt19937_64& random, uint64_t percent) { return random() % 100 < percent; }

}  // namespace

std::vector<TracedCall> ParseTrace(std::string_view trace) {
  std::vector<TracedCall> calls;
  while (trace.size() >= sizeof(TraceRecord)) {
    TracedCall call;
    std::memcpy(&call.record, trace.data(), sizeof(TraceRecord));
    trace.remove_prefix(sizeof(TraceRecord));
    if (trace.size() < static_cast<size_t>(call.record.length)) std::abort();  // the shim writes whole records
    call.bytes = trace.substr(0, static_cast<size_t>(call.record.length));
    trace.remove_prefix(call.bytes.size());
    calls.push_back(call);
  }
  return calls;
}

std::string_view OutageName(Outage outage) {
  switch (outage) {
    case Outage::kDropped:
      return "dropped";
    case Outage::kDroppedButNamed:
      return "dropped_but_named";
    case Outage::kSectors10:
      return "sectors10";
    case Outage::kSectors50:
      return "sectors50";
    case Outage::kSectors90:
      return "sectors90";
    case Outage::kByFile:
      return "by_file";
    case Outage::kPrefix:
      return "prefix";
  }
  return "?";
}

void DiskModel::Put(std::string& contents, int64_t offset, std::string_view bytes) {
  const auto begin = static_cast<size_t>(offset);
  if (contents.size() < begin + bytes.size()) contents.resize(begin + bytes.size());
  std::copy(bytes.begin(), bytes.end(), contents.begin() + offset);
}

void DiskModel::Apply(const NameChange& change, Names& names) {
  switch (change.kind) {
    case TraceRecord::Kind::kCreate:
    case TraceRecord::Kind::kMkdir:
      names[change.path] = change.file;
      return;
    case TraceRecord::Kind::kRename: {
      // A directory takes what is in it along.
      Names moved;
      for (auto entry = names.lower_bound(change.path);
           entry != names.end() && entry->first.starts_with(change.path);) {
        const std::string rest = entry->first.substr(change.path.size());
        if (!rest.empty() && rest[0] != '/') {
          ++entry;
          continue;
        }
        moved[change.new_path + rest] = entry->second;
        entry = names.erase(entry);
      }
      for (const auto& [path, file] : moved) names[path] = file;
      return;
    }
    default:
      names.erase(change.path);
  }
}

void DiskModel::Change(NameChange change) {
  Apply(change, current_names_);
  name_changes_.push_back(std::move(change));
}

DiskModel::File* DiskModel::FileOf(uint64_t inode) {
  const auto found = by_inode_.find(inode);
  return found == by_inode_.end() ? nullptr : &files_[found->second];
}

// The pages that were written since the last sync. Those whose sync failed stay as they are on the disk: the system
// takes them for clean.
void DiskModel::Sync(File& file) {
  for (const struct Change& change : file.changes) {
    if (change.truncates) {
      file.durable.resize(static_cast<size_t>(change.offset));
      continue;
    }
    const size_t begin = static_cast<size_t>(change.offset) / kPageBytes * kPageBytes;
    const size_t end =
        std::min(file.current.size(),
                 (static_cast<size_t>(change.offset) + change.bytes.size() + kPageBytes - 1) / kPageBytes * kPageBytes);
    if (end > begin) {
      Put(file.durable, static_cast<int64_t>(begin), std::string_view(file.current).substr(begin, end - begin));
    }
  }
  file.durable.resize(file.current.size());
  file.changes.clear();
}

void DiskModel::Apply(const TracedCall& call) {
  const TraceRecord& record = call.record;
  switch (record.kind) {
    case TraceRecord::Kind::kMark:
    case TraceRecord::Kind::kFailedSyncDirectory:
      return;
    case TraceRecord::Kind::kCreate:
      files_.emplace_back();
      by_inode_[record.inode] = files_.size() - 1;
      Change({.kind = record.kind, .path = std::string(call.bytes), .file = files_.size() - 1});
      return;
    case TraceRecord::Kind::kMkdir:
    case TraceRecord::Kind::kUnlink:
    case TraceRecord::Kind::kRmdir:
      Change({.kind = record.kind, .path = std::string(call.bytes)});
      return;
    case TraceRecord::Kind::kRename: {
      const size_t zero = call.bytes.find('\0');
      Change({.kind = record.kind,
              .path = std::string(call.bytes.substr(0, zero)),
              .new_path = std::string(call.bytes.substr(zero + 1))});
      return;
    }
    case TraceRecord::Kind::kWrite:
      if (File* file = FileOf(record.inode)) {
        Put(file->current, record.offset, call.bytes);
        file->changes.push_back({.offset = record.offset, .bytes = std::string(call.bytes)});
      }
      return;
    case TraceRecord::Kind::kTruncate:
      if (File* file = FileOf(record.inode)) {
        file->current.resize(static_cast<size_t>(record.offset));
        file->changes.push_back({.truncates = true, .offset = record.offset});
      }
      return;
    case TraceRecord::Kind::kFailedSync:
      if (File* file = FileOf(record.inode)) file->changes.clear();
      return;
    case TraceRecord::Kind::kSync:
      if (File* file = FileOf(record.inode)) Sync(*file);
      if (names_ == NameRule::kByDirectory) return;
      break;
    case TraceRecord::Kind::kSyncDirectory:
      break;
  }
  std::erase_if(name_changes_, [&](const NameChange& change) {
    const bool synced = names_ == NameRule::kJournalled || ParentOf(change.path) == call.bytes ||
                        (!change.new_path.empty() && ParentOf(change.new_path) == call.bytes);
    if (synced) Apply(change, durable_names_);
    return synced;
  });
}

std::string DiskModel::Contents(const File& file, Outage outage, std::mt19937_64& random) {
  if (file.changes.empty()) return file.durable;
  if (outage == Outage::kByFile) return Chance(random, 50) ? file.current : file.durable;
  std::string contents = file.durable;
  if (outage == Outage::kDropped || outage == Outage::kDroppedButNamed) return contents;
  if (outage == Outage::kPrefix) {
    const size_t whole = random() % (file.changes.size() + 1);
    for (size_t i = 0; i <= whole && i < file.changes.size(); ++i) {
      const struct Change& change = file.changes[i];
      if (change.truncates) {
        if (i < whole) contents.resize(static_cast<size_t>(change.offset));
        continue;
      }
      size_t length = change.bytes.size();
      if (i == whole) length = random() % (length / kSectorBytes + 1) * kSectorBytes;
      Put(contents, change.offset, std::string_view(change.bytes).substr(0, length));
    }
    return contents;
  }
  const uint64_t percent = outage == Outage::kSectors10 ? 10 : outage == Outage::kSectors50 ? 50 : 90;
  for (const struct Change& change : file.changes) {
    if (change.truncates) {
      if (Chance(random, percent)) contents.resize(static_cast<size_t>(change.offset));
      continue;
    }
    for (size_t begin = 0; begin < change.bytes.size();) {
      const size_t at = static_cast<size_t>(change.offset) + begin;
      const size_t length = std::min(change.bytes.size() - begin, kSectorBytes - at % kSectorBytes);
      if (Chance(random, percent)) {
        Put(contents, static_cast<int64_t>(at), std::string_view(change.bytes).substr(begin, length));
      }
      begin += length;
    }
  }
  // The length may be there without what was written.
  if (contents.size() < file.current.size() && Chance(random, 30)) contents.resize(file.current.size());
  return contents;
}

std::map<std::string, std::optional<std::string>> DiskModel::Image(Outage outage, std::mt19937_64& random) const {
  Names names = outage == Outage::kDroppedButNamed ? current_names_ : durable_names_;
  if (outage != Outage::kDropped && outage != Outage::kDroppedButNamed) {
    const size_t prefix = random() % (name_changes_.size() + 1);
    for (size_t i = 0; i < name_changes_.size(); ++i) {
      if (names_ == NameRule::kJournalled ? i < prefix : Chance(random, 50)) Apply(name_changes_[i], names);
    }
  }
  std::map<std::string, std::optional<std::string>> image;
  for (const auto& [path, file] : names) {
    if (path.ends_with("-shm")) continue;
    const std::string name = path.substr(root_.size() + 1);
    // Sorted: a directory comes before what is in it.
    const std::string parent = name.substr(0, name.rfind('/'));
    if (parent != name && !image.contains(parent)) continue;
    if (file == kDirectory) {
      image[name] = std::nullopt;
    } else {
      image[name] = Contents(files_[file], outage, random);
    }
  }
  return image;
}

}  // namespace ochre
