#include "json.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace gonka::test {
namespace {

class Reader {
 public:
  explicit Reader(const std::string& text) : text_(text) {}

  Json value() {
    Json out;
    const char c = peek();
    if (c == '{') return object();
    if (c == '[') return list();
    if (c == '"') {
      out.kind = Json::text;
      out.string = string();
    } else if (c == 't' || c == 'f') {
      out.kind = Json::boolean;
      out.truth = c == 't';
      at_ += c == 't' ? 4 : 5;
    } else if (c == 'n') {
      at_ += 4;
    } else {
      size_t used = 0;
      out.kind = Json::number;
      out.value = std::stod(text_.substr(at_, 32), &used);
      at_ += used;
    }
    return out;
  }

 private:
  char peek() {
    while (at_ < text_.size() && std::string(" \n\t\r").find(text_[at_]) != std::string::npos)
      at_++;
    if (at_ >= text_.size()) throw std::runtime_error("the JSON ends too early");
    return text_[at_];
  }

  void expect(char c) {
    if (peek() != c) throw std::runtime_error(std::string("JSON: expected ") + c);
    at_++;
  }

  std::string string() {
    expect('"');
    std::string out;
    for (; text_.at(at_) != '"'; at_++) {
      if (text_[at_] == '\\') at_++;  // The vectors escape nothing but quotes.
      out.push_back(text_.at(at_));
    }
    at_++;
    return out;
  }

  Json list() {
    Json out;
    out.kind = Json::list;
    expect('[');
    while (peek() != ']') {
      out.items.push_back(value());
      if (peek() == ',') at_++;
    }
    at_++;
    return out;
  }

  Json object() {
    Json out;
    out.kind = Json::object;
    expect('{');
    while (peek() != '}') {
      peek();
      const std::string key = string();
      expect(':');
      out.fields[key] = value();
      if (peek() == ',') at_++;
    }
    at_++;
    return out;
  }

  const std::string& text_;
  size_t at_ = 0;
};

int nibble(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  throw std::runtime_error("not lower-case hex");
}

}  // namespace

const Json& Json::operator[](const std::string& key) const {
  const auto found = fields.find(key);
  if (found == fields.end()) throw std::runtime_error("the vectors have no field " + key);
  return found->second;
}

uint64_t Json::u64() const { return kind == text ? std::stoull(string) : uint64_t(value); }

int64_t Json::i64() const { return kind == text ? std::stoll(string) : int64_t(value); }

Bytes Json::bytes() const {
  Bytes out;
  for (size_t i = 0; i + 1 < string.size(); i += 2) {
    out.push_back(uint8_t(nibble(string[i]) << 4 | nibble(string[i + 1])));
  }
  return out;
}

Hash Json::hash() const {
  const Bytes raw = bytes();
  if (raw.size() != 32) throw std::runtime_error("a hash needs 32 bytes");
  Hash out;
  std::copy(raw.begin(), raw.end(), out.begin());
  return out;
}

Json read_json(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::stringstream text;
  text << file.rdbuf();
  const std::string held = text.str();
  return Reader(held).value();
}

const Json& vectors() {
  const char* dir = std::getenv("GONKA_NATIVE_DIR");
  static const Json loaded =
      read_json(std::string(dir ? dir : ".") + "/test/vectors/isp1-vectors.json");
  return loaded;
}

}  // namespace gonka::test
