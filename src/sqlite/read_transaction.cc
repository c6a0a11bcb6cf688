#include "sqlite/read_transaction.h"

#include <new>

namespace ochre {
namespace {

// Which is COMMIT by another name. The connection takes a COMMIT that fails for a write that may not be on disk, and
// refuses further writes; here there was none.
constexpr std::string_view kEnd = "END";

// Fails only for want of memory, and then the next Begin tries again.
void End(SqliteConnection& connection) noexcept {
  try {
    if (auto end = connection.Prepare(kEnd); end.ok()) (void)end->Run();
  } catch (const std::bad_alloc&) {
  }
}

}  // namespace

Status SqliteReadTransaction::Begin(SqliteConnection& connection) {
  if (connection.in_transaction()) End(connection);
  // Compiled now, so that ending allocates nothing.
  OCHRE_RETURN_IF_ERROR(connection.Prepare(kEnd).status());
  OCHRE_ASSIGN_OR_RETURN(SqliteStatement begin, connection.Prepare("BEGIN"));
  return begin.Run();
}

SqliteReadTransaction::~SqliteReadTransaction() {
  if (status_.ok()) End(connection_);
}

}  // namespace ochre
