#include "chain/testing/limbo.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>

extern char** environ;

namespace certferry::chain::testing {
namespace {

// What "xz -dc FILE" prints.
std::string unpacked(const std::string& file) {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error("pipe");
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO);
  std::string command[] = {"xz", "-dc", file};
  char* arguments[] = {command[0].data(), command[1].data(), command[2].data(), nullptr};
  pid_t child = 0;
  const int failed = posix_spawnp(&child, "xz", &actions, nullptr, arguments, environ);
  posix_spawn_file_actions_destroy(&actions);
  close(ends[1]);
  std::string text;
  std::string buffer(1 << 20, '\0');
  for (ssize_t size = 0; failed == 0 && (size = read(ends[0], buffer.data(), buffer.size())) > 0;) {
    text.append(buffer.data(), static_cast<std::size_t>(size));
  }
  close(ends[0]);
  int status = 0;
  if (failed != 0 || waitpid(child, &status, 0) != child || status != 0)
    throw std::runtime_error("xz cannot unpack " + file);
  return text;
}

// Reads {"testcases": [{…}, …]}; values of keys that are not named here are passed over.
class CaseReader : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit CaseReader(const std::function<void(const LimboCase&)>& use) : use_(use) {}

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t value) override { return number(static_cast<std::size_t>(value)); }
  bool number_unsigned(number_unsigned_t value) override { return number(value); }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }

  bool string(string_t& value) override {
    if (depth_ == kInName) {
      if (key_ == "kind") current_.names.back().kind = std::move(value);
      if (key_ == "value") current_.names.back().value = std::move(value);
      return true;
    }
    const std::string& field = case_key_;
    if (field == "id") current_.id = std::move(value);
    else if (field == "validation_kind") current_.kind = std::move(value);
    else if (field == "expected_result") current_.expected = std::move(value);
    else if (field == "validation_time") current_.time = std::move(value);
    else if (field == "peer_certificate") current_.leaf = std::move(value);
    else if (field == "trusted_certs") current_.trusted.push_back(std::move(value));
    else if (field == "untrusted_intermediates") current_.untrusted.push_back(std::move(value));
    else if (field == "crls") current_.crls.push_back(std::move(value));
    else if (field == "extended_key_usage") current_.extended_key_usage.push_back(std::move(value));
    return true;
  }

  bool key(string_t& value) override {
    key_ = std::move(value);
    if (depth_ == kInCase) case_key_ = key_;
    return true;
  }

  bool start_object(std::size_t) override {
    ++depth_;
    if (depth_ == kInCase) current_ = {};
    if (depth_ == kInName) current_.names.emplace_back();
    return true;
  }
  bool end_object() override {
    if (depth_ == kInCase) use_(current_);
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception& error) override {
    throw std::runtime_error(error.what());
  }

 private:
  static constexpr int kInCase = 2;
  static constexpr int kInName = 3;  // the only objects inside cases are expected names

  bool number(std::size_t value) {
    if (depth_ == kInCase && case_key_ == "max_chain_depth") current_.max_depth = value;
    return true;
  }

  const std::function<void(const LimboCase&)>& use_;
  LimboCase current_;
  std::string key_;
  std::string case_key_;
  int depth_ = 0;
};

}  // namespace

std::string corpus_folder() {
  const char* set = std::getenv("CERTFERRY_CORPUS");
  return set && *set ? set : CERTFERRY_SOURCE_DIR "/../shared/corpus";
}

bool for_each_limbo_case(const std::string& file, const std::function<void(const LimboCase&)>& use) {
  std::ifstream stream(file, std::ios::binary);
  if (!stream) return false;
  const std::string text =
      file.ends_with(".xz") ? unpacked(file) : std::string(std::istreambuf_iterator<char>(stream), {});
  CaseReader reader(use);
  nlohmann::json::sax_parse(text, &reader);
  return true;
}

}  // namespace certferry::chain::testing
