#include "model-files.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "../sprint/errors.hpp"

namespace gonka {

ModelFiles::ModelFiles(const std::vector<ModelFile>& files) {
  try {
    for (const ModelFile& file : files) open_file(file);
    if (total_ == 0) throw EngineError(MODEL_FILE, "a model has at least one byte");
  } catch (...) {
    close_all();
    throw;
  }
}

ModelFiles::~ModelFiles() { close_all(); }

void ModelFiles::close_all() {
  for (const Open& file : open_) ::close(file.fd);
  open_.clear();
}

ModelFiles::Identity ModelFiles::identity_of(const std::string& path, int fd) {
  struct stat s;
  if (::fstat(fd, &s) != 0) throw EngineError(MODEL_FILE, path + ": " + std::strerror(errno));
#if defined(__APPLE__)
  const timespec modified = s.st_mtimespec, changed = s.st_ctimespec;
#else
  const timespec modified = s.st_mtim, changed = s.st_ctim;
#endif
  return {uint64_t(s.st_dev), uint64_t(s.st_ino), uint64_t(s.st_size), modified.tv_sec,
          modified.tv_nsec,   changed.tv_sec,     changed.tv_nsec};
}

void ModelFiles::open_file(const ModelFile& file) {
  const int fd = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) throw EngineError(MODEL_FILE, file.path + ": " + std::strerror(errno));
  open_.push_back({file.path, fd, total_, file.length, {}});
  open_.back().identity = identity_of(file.path, fd);
  const uint64_t size = open_.back().identity.size;
  if (size != file.length) {
    throw EngineError(MODEL_FILE, file.path + " has " + std::to_string(size) +
                                      " bytes, registered are " + std::to_string(file.length));
  }
  total_ += file.length;
}

void ModelFiles::read_rows(uint64_t first, size_t count, uint8_t* out) const {
  uint64_t at = first * ROW_BYTES;
  const uint64_t end = std::min<uint64_t>(at + count * ROW_BYTES, total_);
  for (const Open& file : open_) {
    while (at < end && at >= file.start && at < file.start + file.length) {
      const uint64_t want = std::min(end, file.start + file.length) - at;
      const ssize_t got = ::pread(file.fd, out, size_t(want), off_t(at - file.start));
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) throw EngineError(MODEL_FILE, file.path + ": " + std::strerror(errno));
      if (got == 0) throw EngineError(MODEL_CHANGED, file.path + " was cut short while in use");
      out += got;
      at += uint64_t(got);
    }
  }
  const uint64_t padded_end = (first + count) * ROW_BYTES;
  if (at < padded_end) std::memset(out, 0, size_t(padded_end - at));
}

void ModelFiles::check_unchanged() const {
  for (const Open& file : open_) {
    const int now = ::open(file.path.c_str(), O_RDONLY | O_CLOEXEC);
    if (now < 0) throw EngineError(MODEL_CHANGED, file.path + " is gone");
    const Identity by_path = identity_of(file.path, now);
    ::close(now);
    if (by_path != file.identity || identity_of(file.path, file.fd) != file.identity) {
      throw EngineError(MODEL_CHANGED, file.path + " changed while in use");
    }
  }
}

}  // namespace gonka
