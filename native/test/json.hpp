// Reads the golden vectors: a JSON reader for trusted files, tests only.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "../src/hash/bytes.hpp"

namespace gonka::test {

struct Json {
  enum Kind { null, boolean, number, text, list, object } kind = null;
  bool truth = false;
  double value = 0;
  std::string string;
  std::vector<Json> items;
  std::map<std::string, Json> fields;

  const Json& operator[](const std::string& key) const;
  const Json& operator[](size_t index) const { return items.at(index); }
  size_t size() const { return items.size(); }
  uint64_t u64() const;    // From a number or a decimal string.
  int64_t i64() const;     // The same, signed.
  Bytes bytes() const;     // From hex.
  Hash hash() const;
};

Json read_json(const std::string& path);
// The project's copy of the vectors, found from the working directory or GONKA_NATIVE_DIR.
const Json& vectors();

}  // namespace gonka::test
