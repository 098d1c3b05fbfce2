#include "cli/native.h"

#include <gtest/gtest.h>

#include "cli/command_line.h"

namespace certferry::cli {
namespace {

using Strings = std::vector<std::string>;

std::string outcome(const Strings& words) {
  const Parsed parsed = parse_native(words);
  if (!parsed) return parsed.error().error.id + ": " + parsed.error().error.message + " | " + parsed.error().error.fix;
  const std::string set(parsed->parameter_set());
  return parsed->line() + (set.empty() ? "" : " (" + set + ")");
}

struct Case {
  Strings words;
  const char* outcome;
};

TEST(Native, ReadsEveryCommand) {
  const Case cases[] = {
      {{"import", "web.pfx"}, "certferry import --path=web.pfx (local)"},
      {{"import", "a.pfx", "b.pfx", "dir", "--resume"},
       "certferry import --path=a.pfx --path=b.pfx --path=dir --resume (local)"},
      {{"import", "--path", "web.pfx", "--identity", "global", "--type", "WebServicesExternal", "--roll",
        "--effective-date", "2030-07-31"},
       "certferry import --identity=global --path=web.pfx --type=WebServicesExternal --effective-date=2030-07-31 --roll "
       "(central)"},
      {{"import", "--path=web.pfx", "--private-key-exportable", "true"},
       "certferry import --path=web.pfx --private-key-exportable=true (local)"},
      {{"import", "--path=web.pfx", "--type", "Default", "--type=External,Internal", "--identity", "site:Berlin"},
       "certferry import --identity=site:Berlin --path=web.pfx --type=Default,External,Internal (central)"},
      {{"--home", "/srv/cf", "--json", "get", "--all"}, "certferry get --home=/srv/cf --json --all"},
      {{"get", "global", "-q"}, "certferry get --quiet --identity=global"},
      {{"remove", "--type", "Default", "--what-if", "--detailed-exitcode"},
       "certferry remove --detailed-exitcode --type=Default --what-if"},
      {{"inspect", "web.pfx", "--password-file", "f", "--json"},
       "certferry inspect --json --path=web.pfx --password-file=f"},
      {{"check",
        "web.pem",
        "--trust",
        "a",
        "--trust",
        "b",
        "--untrusted=c",
        "--at",
        "2030-07-31T00:00:00Z",
        "--purpose",
        "serverauth",
        "--name",
        "a.example",
        "--name",
        "b.example",
        "--crl",
        "d",
        "--max-depth",
        "3",
        "--only-path"},
       "certferry check --path=web.pem --trust=a --trust=b --untrusted=c --at=2030-07-31T00:00:00Z "
       "--purpose=serverAuth --name=a.example --name=b.example --crl=d --max-depth=3 --only-path"},
      {{"type"}, "certferry type"},
      {{"type", "show", "Default"}, "certferry type -- show Default"},
      {{"config", "show", "--origin"}, "certferry config --origin -- show"},
      {{"audit", "verify"}, "certferry audit -- verify"},
      {{"links", "/usr/local/bin"}, "certferry links -- /usr/local/bin"},
      {{"completion", "bash"}, "certferry completion -- bash"},
      {{"help", "import"}, "certferry help -- import"},
      {{"--version"}, "certferry version --version"},
      {{"--help"}, "certferry help --help"},
      {{"import", "--help"}, "certferry import --help"},
      {{"version"}, "certferry version"},
      {{"doctor", "--json"}, "certferry doctor --json"},
      {{"Import-CsCertificate", "-Path", "a", "-wi"}, "Import-CsCertificate -Path:a -WhatIf (local)"},
      {{"--json", "Get-CsCertificate", "-Type", "Default"}, "Get-CsCertificate --json -Type:Default"},
  };
  for (const Case& each : cases) EXPECT_EQ(outcome(each.words), each.outcome);
}

TEST(Native, RefusesWithTheCauseAndTheFix) {
  const Case cases[] = {
      {{}, "CF1019: no command is given | 'certferry help' shows the commands"},
      {{"--json"}, "CF1019: no command is given | 'certferry help' shows the commands"},
      {{"imprt", "a"}, "CF1001: there is no such command | did you mean import? 'certferry help' shows the commands"},
      {{"import", "--pth", "a"},
       "CF1002: certferry import has no such option | did you mean --path? 'certferry help import' shows its options"},
      {{"import", "-Path", "a"},
       "CF1002: certferry import has no such option | did you mean --path? 'certferry help import' shows its options"},
      {{"import", "--effectivedate=x"},
       "CF1002: certferry import has no such option | did you mean --effective-date? 'certferry help import' shows its "
       "options"},
      {{"import", "--eff", "x"},
       "CF1002: certferry import has no such option | did you mean --effective-date? 'certferry help import' shows its "
       "options"},
      {{"import", "web.pfx", "global"},
       "CF1021: this looks like a scope, but bare words are files here | write --identity global; a file of that name "
       "is written as ./global"},
      {{"import", "web.pfx", "--private-key-exportable"},
       "CF1005: --private-key-exportable needs true or false | write --private-key-exportable true or "
       "--private-key-exportable false"},
      {{"import", "--path="},
       "CF1017: the value of --path is empty | write a value; if it came from a variable, the variable is not set"},
      {{"import", "web.pfx", "--select", "--json"},
       "CF1004: --select needs a value | write --select THUMBPRINT; a value that begins with a dash is written as "
       "--select=-…"},
      {{"import", "web.pfx", "--roll"}, "CF1014: --roll needs --effective-date | write --effective-date as well"},
      {{"inspect"}, "CF1009: --path is missing | write certferry inspect --path FILE"},
      {{"inspect", "a", "b"},
       "CF1010: this word belongs to no parameter | quote values that contain spaces, or name the parameter"},
      {{"check", "a", "--type", "Default", "--purpose", "any"},
       "CF1013: --type and --purpose exclude each other | write one of them"},
      {{"audit", "verfy"},
       "CF1011: the value of ACTION is not one it knows | did you mean verify? write list or verify"},
      {{"completion"}, "CF1009: SHELL is missing | write certferry completion SHELL"},
      {{"get", "--json", "--json"}, "CF1007: --json is given twice | write it once"},
  };
  for (const Case& each : cases) EXPECT_EQ(outcome(each.words), each.outcome);
}

TEST(Native, PointsAtTheMistake) {
  const Strings words{"--json", "imprt", "web.pfx"};
  EXPECT_EQ(parse_native(words).error().where, "  certferry --json imprt …\n                   ^~~~~");
}

TEST(Native, TheHomeComesFromTheOptionThenFromTheEnvironment) {
  const Parsed with = parse_native(Strings{"get", "--home", "/a"});
  EXPECT_EQ(with->home("/b"), "/a");
  const Parsed without = parse_native(Strings{"get"});
  EXPECT_EQ(without->home("/b"), "/b");
  EXPECT_EQ(without->home(""), std::nullopt);
  EXPECT_EQ(without->home(nullptr), std::nullopt);
}

TEST(CommandLine, AnyOtherNameSpeaksTheNativeDialect) {
  Strings words{"./cf", "get"};
  std::vector<char*> argv{words[0].data(), words[1].data()};
  EXPECT_EQ(parse_command_line(2, argv.data())->dialect(), Dialect::kNative);
  EXPECT_EQ(parse_command_line(0, nullptr).error().error.id, "CF1019");
}

}  // namespace
}  // namespace certferry::cli
