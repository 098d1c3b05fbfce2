// Every file of the corpus ends as its manifest says.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "container/read.h"

namespace certferry::container {
namespace {

namespace fs = std::filesystem;

fs::path corpus() {
  const char* named = std::getenv("CERTFERRY_CORPUS");
  return named ? fs::path(named) : fs::path(CERTFERRY_SOURCE_DIR) / "../shared/corpus";
}

Bytes bytes_of(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  EXPECT_TRUE(file) << path;
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

struct Answer {
  std::string outcome;
  std::size_t keys = 0;
  std::size_t certificates = 0;
  std::string text;
};

Answer answer(ByteView file, const Secret* password) {
  ReadOptions options;
  options.password = password;
  const auto result = read(file, options);
  if (result) return {"ok", result->keys.size(), result->certificates.size(), result->description};
  return {result.error().kind == ErrorKind::kUnsupported ? "unsupported" : "reject", 0, 0, result.error().id + " " + result.error().message};
}

bool agrees(const nlohmann::json& line, const Answer& got) {
  if (got.outcome == line["expect"]) {
    return got.outcome != "ok" || (got.keys == line["keys"].get<std::size_t>() && got.certificates == line["certs"].get<std::size_t>());
  }
  if (!line["also_allowed"].is_array()) return false;
  return std::find(line["also_allowed"].begin(), line["also_allowed"].end(), got.outcome) != line["also_allowed"].end();
}

TEST(Corpus, EveryFileEndsAsItsManifestSays) {
  const fs::path manifest = corpus() / "manifest.jsonl";
  if (!fs::exists(manifest)) {
    const char* ci = std::getenv("CI");
    ASSERT_FALSE(ci && std::string(ci) == "true") << "no corpus at " << manifest;
    std::cout << "NOT RUN: there is no corpus at " << manifest << "; set CERTFERRY_CORPUS\n";
    return;
  }
  std::map<std::string, std::pair<int, int>> counts;  // agreed, all, by source and kind
  std::ifstream lines(manifest);
  int total = 0;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    std::optional<Secret> password;
    if (line["password"].is_string()) password.emplace(line["password"].get<std::string>());
    const Answer got = answer(bytes_of(corpus() / "files" / line["file"].get<std::string>()), password ? &*password : nullptr);
    const bool right = agrees(line, got);
    for (const std::string& group : {line["source"].get<std::string>(), "kind " + line["kind"].get<std::string>()}) {
      counts[group].first += right ? 1 : 0;
      ++counts[group].second;
    }
    ++total;
    EXPECT_TRUE(right) << line["file"] << ": expected " << line["expect"] << " with " << line["keys"] << " keys and " << line["certs"] << " certificates ("
                       << line["why"] << "), got " << got.outcome << " with " << got.keys << " and " << got.certificates << ": " << got.text;
  }
  EXPECT_GT(total, 1000);
  for (const auto& [group, count] : counts) std::cout << group << ": " << count.first << " of " << count.second << '\n';
}

}  // namespace
}  // namespace certferry::container
