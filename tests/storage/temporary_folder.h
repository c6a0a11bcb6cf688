// TemporaryFolder: an empty folder for one test.
#ifndef OCHRE_TESTS_STORAGE_TEMPORARY_FOLDER_H_
#define OCHRE_TESTS_STORAGE_TEMPORARY_FOLDER_H_

#include <cstdlib>
#include <filesystem>
#include <string>

namespace ochre {

// Removed with all that is in it when the object dies.
class TemporaryFolder {
 public:
  TemporaryFolder() : path_(Make()) {}
  ~TemporaryFolder() { std::filesystem::remove_all(path_); }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }

 private:
  static std::filesystem::path Make() {
    std::string name = std::filesystem::temp_directory_path() / "ochre-test-XXXXXX";
    if (mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }

  std::filesystem::path path_;
};

}  // namespace ochre

#endif  // OCHRE_TESTS_STORAGE_TEMPORARY_FOLDER_H_
