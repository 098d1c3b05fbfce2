#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "base/bytes.h"
#include "report/csv.h"
#include "report/html.h"
#include "report/json.h"
#include "report/style.h"
#include "report/text.h"
#include "report/write.h"
#include "x509/digest.h"

namespace certferry::report {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr Time kNow = std::chrono::sys_days(std::chrono::year(2026) / 11 / 23);

CertificateFacts certificate(Role role, std::string label) {
  CertificateFacts facts;
  facts.role = role;
  facts.subject = "CN=" + label;
  facts.label = std::move(label);
  facts.issuer = "CN=Litware Root";
  facts.serial = "5A01";
  facts.thumbprint = "B142918E463981A76503828BB1278391B7162809";
  facts.sha256 = "d6e0";
  facts.key = "EC P-256";
  facts.signature = "ECDSA with SHA-256";
  facts.not_before = kNow - std::chrono::days(10);
  facts.not_after = kNow + std::chrono::days(80);
  return facts;
}

Document done() {
  Document document;
  document.status = Status::kDone;
  document.headline = "Imported web.litwareinc.com";
  document.summary = {"Valid until 2027-02-11."};
  document.computer = "vm";
  document.actor = "root";
  document.command = "certferry import web.pfx --password ***";
  document.started = kNow;
  document.file = {{"File", "web.pfx"}, {"Content", "PFX with 1 private key"}};
  document.certificates = {certificate(Role::kLeaf, "web.litwareinc.com"), certificate(Role::kRoot, "Litware Root")};
  document.certificates.front().names = {"web.litwareinc.com"};
  document.findings = {{"CF1470", Severity::kWarning, "the issuer is missing", "import the whole chain", "RFC 5246"},
                       {"CF1231", Severity::kInfo, "no key", "", ""}};
  document.steps = {{"vm", "store certificate B142", Step::State::kDone, ""}};
  document.undo = {"certferry remove --type Default"};
  return document;
}

TEST(Text, IsWhatPeopleRead) {
  EXPECT_EQ(to_text(done(), {}), R"(done: Imported web.litwareinc.com
  Valid until 2027-02-11.

  File     web.pfx
  Content  PFX with 1 private key

  Subject        CN=web.litwareinc.com
  Names          web.litwareinc.com
  Issuer         CN=Litware Root
  Valid          2026-11-13T00:00:00Z to 2027-02-11T00:00:00Z
  Key            EC P-256, signed with ECDSA with SHA-256
  Serial number  5A01
  Thumbprint     B142918E463981A76503828BB1278391B7162809
  SHA-256        d6e0

  Chain
    web.litwareinc.com, until 2027-02-11
      └ Litware Root, until 2027-02-11

  warning CF1470  the issuer is missing
                  fix: import the whole chain
  info    CF1231  no key

  done     store certificate B142 on vm

  to undo  certferry remove --type Default
)");
}

TEST(Text, LeavesOutWarningsWithForce) {
  TextOptions options;
  options.warnings = false;
  EXPECT_THAT(to_text(done(), options), Not(HasSubstr("CF1470")));
}

TEST(Text, OfAnErrorNamesCauseAndFix) {
  const Error error{ErrorKind::kRejected, "CF1204", "the password is wrong", "check it"};
  EXPECT_EQ(to_text(error, {}), "error CF1204: the password is wrong\nfix: check it\n");
}

TEST(Html, AllowsItsOwnStyleAndNothingElse) {
  const std::string page = to_html(done());
  const std::string digest = base64(x509::sha256(as_bytes(kStyle)));
  EXPECT_THAT(page, HasSubstr("default-src 'none'; style-src 'sha256-" + digest + "'; img-src data:"));
  EXPECT_THAT(page, HasSubstr("<style>" + std::string(kStyle) + "</style>"));
  for (const char* active : {"<script", "style=\"", "http://", "https://", "onload"}) {
    EXPECT_THAT(page, Not(HasSubstr(active)));
  }
}

// Names as attackers would have them, each with ordinary and other hostile text around.
std::vector<std::string> hostile_names() {
  using namespace std::string_literals;
  const std::vector<std::string> parts = {"<script>alert(1)</script>",
                                          "<img src=x onerror=alert(1)>",
                                          "\"><svg onload=alert(1)>",
                                          "'--><b>",
                                          "&lt;script&gt;",
                                          "\x1b[2J\x1b[31m",
                                          "\x1b]0;title\x07",
                                          "\xc2\x9b"s + "31m",
                                          "\xe2\x80\xae"s + "gpj.exe",
                                          "\xe2\x81\xa6"s + "isolate",
                                          "\xe2\x80\x8b"s + "zero",
                                          "=cmd|' /C calc'!A0",
                                          "+1+1",
                                          "-2+3",
                                          "@SUM(1)",
                                          "a\0b"s,
                                          "line\nbreak",
                                          "carriage\rreturn",
                                          "\ttab",
                                          "\xff\xfe",
                                          "\xed\xa0\x80",
                                          "\xf4\x90\x80\x80",
                                          "\xc0\xaf",
                                          "\x7f",
                                          "\xe2\x80\xa8"s + "sep",
                                          "javascript:alert(1)",
                                          "</title>",
                                          "]]>",
                                          "%s%n",
                                          "${x}"};
  std::vector<std::string> names;
  for (const std::string& part : parts) {
    for (const char* around : {"", "a", "web.", "x y ", "9", "ä", "*.", "=", "<", "\""}) {
      names.push_back(around + part + around);
    }
  }
  return names;
}

TEST(Writers, LetNoHostileNameAct) {
  const std::vector<std::string> names = hostile_names();
  ASSERT_GE(names.size(), 300u);
  const auto tags = [](const std::string& page) { return std::ranges::count(page, '<'); };
  const auto controls = [](std::string_view text) {
    return std::ranges::any_of(text,
                               [](char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\n') || c == 0x7f; });
  };
  Document with_table = done();
  with_table.tables = {{"table", {"column"}, {{"cell"}}}};
  const auto harmless = tags(to_html(with_table));
  for (const std::string& name : names) {
    Document document = done();
    document.headline = name;
    document.certificates.front().names = {name};
    document.certificates.front().subject = name;
    document.findings.front().message = name;
    document.file.front().value = name;
    document.tables = {{name, {name}, {{name}}}};
    const std::string page = to_html(document);
    const std::string text = to_text(document, {});
    const std::string csv = to_csv(document);
    EXPECT_EQ(std::ranges::count(csv, '\r'), 2) << name;
    EXPECT_EQ(std::ranges::count(csv, '\n'), 2) << name;
    EXPECT_EQ(tags(page), harmless) << name;
    EXPECT_FALSE(controls(page)) << name;
    EXPECT_FALSE(controls(to_json(document))) << name;
    EXPECT_FALSE(controls(text)) << name;
    for (const char* acting : {"\xe2\x80\xae", "\xc2\x9b", "\xe2\x80\xa8", "\xe2\x81\xa6"}) {
      EXPECT_THAT(page, Not(HasSubstr(acting)));
      EXPECT_THAT(text, Not(HasSubstr(acting)));
    }
  }
}

TEST(Csv, IsOneTableAfterTheOther) {
  Document document;
  document.tables = {{"", {"Thumbprint", "Subject"}, {{"B142", "CN=\"a\",O=b"}, {"5A01", "=HYPERLINK(1)"}}},
                     {"more", {"Type"}, {{"Default"}}}};
  EXPECT_EQ(to_csv(document),
            "\"Thumbprint\",\"Subject\"\r\n"
            "\"B142\",\"CN=\"\"a\"\",O=b\"\r\n"
            "\"5A01\",\"'=HYPERLINK(1)\"\r\n"
            "\r\n"
            "\"Type\"\r\n"
            "\"Default\"\r\n");
}

TEST(WriteReport, ReplacesAFileAndLeavesADeviceADevice) {
  std::string folder = (std::filesystem::temp_directory_path() / "certferry-report-XXXXXX").string();
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  PosixFileSystem files;
  std::ofstream(folder + "/r.html") << "old";
  ASSERT_TRUE(write_report(files, folder + "/r.html", done()));
  EXPECT_EQ(std::filesystem::file_size(folder + "/r.html"), to_html(done()).size());
  EXPECT_TRUE(std::filesystem::exists(folder + "/r.json"));
  ASSERT_TRUE(write_report(files, "/dev/null", done()));
  EXPECT_TRUE(std::filesystem::is_character_file("/dev/null"));
  EXPECT_FALSE(std::filesystem::exists("/dev/null.json"));
  const auto failed = write_report(files, folder + "/none/r.html", done());
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().id, "CF1801");
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace certferry::report
