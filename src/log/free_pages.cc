#include "log/free_pages.h"

#include <algorithm>
#include <limits>
#include <string>

namespace ochre {
namespace {

// Of pages in use, in a file that is rebuilt: a second's work at most.
constexpr int64_t kRebuiltBytesMax = int64_t{64} << 20;

// PRAGMA auto_vacuum's answers.
constexpr int64_t kIncremental = 2;

Result<bool> IsShrinkable(SqliteConnection& connection) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t mode, connection.QueryInt64("PRAGMA auto_vacuum"));
  return mode == kIncremental;
}

}  // namespace

Result<int64_t> GiveBackFreePages(SqliteConnection& writer, int64_t kept_bytes, int64_t bytes_max) {
  OCHRE_ASSIGN_OR_RETURN(const int64_t free, writer.QueryInt64("PRAGMA freelist_count"));
  OCHRE_ASSIGN_OR_RETURN(const int64_t page_bytes, writer.QueryInt64("PRAGMA page_size"));
  const int64_t pages = std::min(free - kept_bytes / page_bytes, bytes_max / page_bytes);
  if (pages <= 0) return 0;
  OCHRE_ASSIGN_OR_RETURN(const bool shrinkable, IsShrinkable(writer));
  if (!shrinkable) return 0;
  OCHRE_RETURN_IF_ERROR(writer.Execute("PRAGMA incremental_vacuum(" + std::to_string(pages) + ")"));
  return pages * page_bytes;
}

Status MakeShrinkable(SqliteConnection& writer) {
  OCHRE_ASSIGN_OR_RETURN(const bool shrinkable, IsShrinkable(writer));
  if (shrinkable) return Status::Ok();
  OCHRE_ASSIGN_OR_RETURN(const int64_t pages, writer.QueryInt64("PRAGMA page_count"));
  OCHRE_ASSIGN_OR_RETURN(const int64_t free, writer.QueryInt64("PRAGMA freelist_count"));
  OCHRE_ASSIGN_OR_RETURN(const int64_t page_bytes, writer.QueryInt64("PRAGMA page_size"));
  if ((pages - free) * page_bytes > kRebuiltBytesMax) return Status::Ok();
  OCHRE_RETURN_IF_ERROR(writer.Execute("PRAGMA auto_vacuum=INCREMENTAL; VACUUM"));
  return writer.Checkpoint().status();  // which cuts the file off
}

Status GiveBackAllFreePages(SqliteConnection& writer) {
  OCHRE_RETURN_IF_ERROR(MakeShrinkable(writer));
  return GiveBackFreePages(writer, /*kept_bytes=*/0, std::numeric_limits<int64_t>::max()).status();
}

}  // namespace ochre
