// The files of a model as one run of 4096-byte rows (sprint.md section 8), read by offset. Memory
// stays bounded whatever the model's size. A file that is short, or changes, is a typed error.
#pragma once
#include <sys/types.h>

#include "../hash/bytes.hpp"

namespace gonka {

inline constexpr size_t ROW_BYTES = 4096;

struct ModelFile {
  std::string path;
  uint64_t length;  // As registered.
};

class ModelFiles {
 public:
  explicit ModelFiles(const std::vector<ModelFile>& files);
  ~ModelFiles();
  ModelFiles(const ModelFiles&) = delete;
  ModelFiles& operator=(const ModelFiles&) = delete;

  uint64_t rows() const { return (total_ + ROW_BYTES - 1) / ROW_BYTES; }
  uint64_t total_bytes() const { return total_; }
  size_t file_count() const { return open_.size(); }
  uint64_t file_start(size_t file) const { return open_[file].start; }
  uint64_t file_length(size_t file) const { return open_[file].length; }
  // `count` rows from row `first`, zero-padded after the model's end. Safe from several threads.
  void read_rows(uint64_t first, size_t count, uint8_t* out) const;
  // Throws MODEL_CHANGED when any file differs from what was opened.
  void check_unchanged() const;

 private:
  struct Identity {
    uint64_t device, inode, size;
    int64_t modified_s, modified_ns, changed_s, changed_ns;
    bool operator==(const Identity&) const = default;
  };
  struct Open {
    std::string path;
    int fd;
    uint64_t start, length;
    Identity identity;
  };

  void open_file(const ModelFile& file);
  void close_all();
  static Identity identity_of(const std::string& path, int fd);

  std::vector<Open> open_;
  uint64_t total_ = 0;
};

}  // namespace gonka
