// Cache-line aligned memory that grows and never shrinks; contents are lost when it grows. Large
// buffers ask for huge pages: a product walks through megabytes in steps of a few kilobytes.
#pragma once
#include <cstdint>
#include <cstdlib>
#include <new>
#include <utility>

#if defined(__linux__)
#include <sys/mman.h>
#endif

namespace gonka {

class AlignedBuffer {
 public:
  AlignedBuffer() = default;
  explicit AlignedBuffer(size_t bytes) { reserve(bytes); }
  ~AlignedBuffer() { std::free(data_); }
  AlignedBuffer(AlignedBuffer&& other) noexcept { *this = std::move(other); }
  AlignedBuffer& operator=(AlignedBuffer&& other) noexcept {
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
    return *this;
  }

  void reserve(size_t bytes) {
    if (bytes <= bytes_) return;
    std::free(data_);
    bytes_ = 0;
    const size_t unit = bytes < HUGE_PAGE_BYTES ? 64 : HUGE_PAGE_BYTES;
    const size_t rounded = (bytes + unit - 1) / unit * unit;
    data_ = static_cast<uint8_t*>(std::aligned_alloc(unit, rounded));
    if (!data_) throw std::bad_alloc();
#if defined(__linux__)
    if (unit == HUGE_PAGE_BYTES) madvise(data_, rounded, MADV_HUGEPAGE);  // A wish, no more.
#endif
    bytes_ = rounded;
  }

  uint8_t* data() const { return data_; }
  int8_t* values() const { return reinterpret_cast<int8_t*>(data_); }
  size_t bytes() const { return bytes_; }

 private:
  static constexpr size_t HUGE_PAGE_BYTES = size_t(2) << 20;

  uint8_t* data_ = nullptr;
  size_t bytes_ = 0;
};

}  // namespace gonka
