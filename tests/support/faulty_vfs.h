// FaultyVfs: SQLite's file calls fail when a test says so, and the power goes out.
#ifndef OCHRE_TESTS_SUPPORT_FAULTY_VFS_H_
#define OCHRE_TESTS_SUPPORT_FAULTY_VFS_H_

#include <cstdint>
#include <filesystem>
#include <string>

namespace ochre {

// While one of these lives, databases that are opened go through it. Every file's content as of its last successful
// sync is remembered, as of its opening before the first. One at a time; not while another thread uses SQLite.
class FaultyVfs {
 public:
  FaultyVfs();
  ~FaultyVfs();
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  enum class Call { kSync, kWrite, kTruncate, kRead };

  // The `nth` such call from now (1 is the next) to a file whose name ends in `suffix` fails with EIO, `for_good` all
  // that follow too. A failed sync behaves as Linux has it: half of what it should have brought to disk is not there,
  // stays visible, and no later sync does it, unless it is written again. In place of what was said before for this
  // call.
  void Fail(Call call, int64_t nth, bool for_good, std::string suffix = "");
  void FailNothing();
  // Whether one has failed since the last Fail.
  bool failed() const;

  // Gives the files of `directory` what they hold after a power cut: of the blocks of 512 bytes that were written and
  // not synced, those that `seed` draws, about half; none with 0. All databases of it must be closed.
  void CutPower(const std::filesystem::path& directory, uint32_t seed = 0);
};

}  // namespace ochre

#endif  // OCHRE_TESTS_SUPPORT_FAULTY_VFS_H_
