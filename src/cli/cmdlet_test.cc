#include "cli/cmdlet.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "cli/command_line.h"
#include "cli/native.h"

namespace certferry::cli {
namespace {

using Strings = std::vector<std::string>;

// words[0] is the cmdlet.
Parsed parse(const Strings& words) { return parse_cmdlet(words[0], std::span(words).subspan(1)); }

std::string outcome(const Parsed& parsed) {
  if (!parsed) return parsed.error().error.id + ": " + parsed.error().error.message + " | " + parsed.error().error.fix;
  const std::string set(parsed->parameter_set());
  return parsed->line() + (set.empty() ? "" : " (" + set + ")");
}

struct Case {
  Strings words;
  const char* outcome;
};

TEST(Cmdlet, ReadsEveryExampleOfTheContract) {
  const Case cases[] = {
      {{"Import-CsCertificate", "-Path", "/certificates/WebServer.pfx", "-PrivateKeyExportable", "$True"},
       "Import-CsCertificate -Path:/certificates/WebServer.pfx -PrivateKeyExportable:true (local)"},
      {{"Import-CsCertificate", "-Identity", "global", "-Type", "OAuthTokenIssuer", "-Path",
        "/certificates/ServerToServerAuth.pfx", "-Password", "P@ssw0rd"},
       "Import-CsCertificate -Identity:global -Path:/certificates/ServerToServerAuth.pfx -Type:OAuthTokenIssuer "
       "'-Password:***' (central)"},
      {{"Import-CsCertificate", "-Identity", "Global", "-Type", "Default,WebServicesExternal", "-Path", "web.pfx",
        "-EffectiveDate", "7/31/2030 8:00 AM", "-Roll", "-Report", "/var/log/certificates.html"},
       "Import-CsCertificate -Identity:Global -Path:web.pfx -Type:Default,WebServicesExternal "
       "'-EffectiveDate:7/31/2030 8:00 AM' -Report:/var/log/certificates.html -Roll (central)"},
      {{"Set-CsCertificate", "-Type", "WebServicesExternal", "-Thumbprint", "B142918E463981A76503828BB1278391B7162809"},
       "Set-CsCertificate -Type:WebServicesExternal -Thumbprint:B142918E463981A76503828BB1278391B7162809 (thumbprint)"},
      {{"Set-CsCertificate", "-Type", "Default,", "WebServicesInternal,", "WebServicesExternal", "-Thumbprint",
        "B142918E463981A76503828BB1278391B7162809"},
       "Set-CsCertificate -Type:Default,WebServicesInternal,WebServicesExternal "
       "-Thumbprint:B142918E463981A76503828BB1278391B7162809 (thumbprint)"},
      {{"Set-CsCertificate", "-Reference", "web.json", "-Type", "Default"},
       "Set-CsCertificate -Type:Default -Reference:web.json (reference)"},
      {{"Get-CsCertificate"}, "Get-CsCertificate"},
      {{"Get-CsCertificate", "-Type", "WebServicesInternal"}, "Get-CsCertificate -Type:WebServicesInternal"},
      {{"Get-CsCertificate", "-Identity", "global"}, "Get-CsCertificate -Identity:global"},
      {{"Remove-CsCertificate", "-Type", "WebServicesExternal", "-Force"},
       "Remove-CsCertificate -Type:WebServicesExternal -Force"},
      {{"Request-CsCertificate", "-New", "-Type", "WebServicesExternal", "-Output",
        "/certificates/WebServicesExternal.csr"},
       "Request-CsCertificate -Type:WebServicesExternal -New -Output:/certificates/WebServicesExternal.csr (new)"},
      {{"Request-CsCertificate", "-New", "-Type", "Default,WebServicesInternal,WebServicesExternal", "-ComputerFqdn",
        "atl-cs-001.litwareinc.com", "-CA", "https://ca.litwareinc.com/acme/directory", "-FriendlyName",
        "Standard Edition", "-PrivateKeyExportable", "$True", "-DomainName",
        "atl-cs-001.litwareinc.com,atl-ext.litwareinc.com"},
       "Request-CsCertificate -Type:Default,WebServicesInternal,WebServicesExternal -PrivateKeyExportable:true -New "
       "-CA:https://ca.litwareinc.com/acme/directory -ComputerFqdn:atl-cs-001.litwareinc.com "
       "-DomainName:atl-cs-001.litwareinc.com,atl-ext.litwareinc.com '-FriendlyName:Standard Edition' (new)"},
      {{"Request-CsCertificate", "-List"}, "Request-CsCertificate -List (list)"},
      {{"Get-CsAdminRole"}, "Get-CsAdminRole"},
  };
  for (const Case& each : cases) EXPECT_EQ(outcome(parse(each.words)), each.outcome);
}

TEST(Cmdlet, ReadsPowerShellsSpellings) {
  const Case cases[] = {
      {{"import-cscertificate", "-PATH", "a", "-privatekeyexportable", "$true"},
       "Import-CsCertificate -Path:a -PrivateKeyExportable:true (local)"},
      {{"Import-CsCertificate", "-Pat", "a", "-Pr", "1", "-F", "-Rep", "r"},
       "Import-CsCertificate -Path:a -Force -PrivateKeyExportable:true -Report:r (local)"},
      {{"Import-CsCertificate", "-Path:a", "-PrivateKeyExportable:$False"},
       "Import-CsCertificate -Path:a -PrivateKeyExportable:false (local)"},
      {{"Import-CsCertificate", "-Path:", "a", "-Confirm:", "$false"},
       "Import-CsCertificate -Path:a -Confirm:false (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-wi", "-cf"}, "Import-CsCertificate -Path:a -Confirm -WhatIf (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-EffectiveTime", "2030-01-01"},
       "Import-CsCertificate -Path:a -EffectiveDate:2030-01-01 (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-E", "2030-01-01"},
       "Import-CsCertificate -Path:a -EffectiveDate:2030-01-01 (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-WhatIf:$false"}, "Import-CsCertificate -Path:a -WhatIf:false (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-Roll:$false"}, "Import-CsCertificate -Path:a -Roll:false (local)"},
      {{"Import-CsCertificate", "a", "global", "-Type", "Default"},
       "Import-CsCertificate -Identity:global -Path:a -Type:Default (central)"},
      {{"Import-CsCertificate", "-Path", "a", "global", "-Type", "Default"},
       "Import-CsCertificate -Identity:global -Path:a -Type:Default (central)"},
      {{"Get-CsCertificate", "global"}, "Get-CsCertificate -Identity:global"},
      {{"Get-CsCertificate", "-Type", "Default", ",", "External"}, "Get-CsCertificate -Type:Default,External"},
      {{"Get-CsCertificate", "-Type", "Default", ",External"}, "Get-CsCertificate -Type:Default,External"},
      {{"Get-CsCertificate", "-Type:Default,", "External"}, "Get-CsCertificate -Type:Default,External"},
      {{"Import-CsCertificate", "\xe2\x80\x93Path", "a"}, "Import-CsCertificate -Path:a (local)"},
      {{"Import-CsCertificate", "--", "-a"}, "Import-CsCertificate -Path:-a (local)"},
      {{"Import-CsCertificate", "-Path", "a", "--password-file", "f", "--trust=b", "--trust", "c"},
       "Import-CsCertificate -Path:a --password-file=f --trust=b --trust=c (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-Password", "-no-parameter"},
       "Import-CsCertificate -Path:a '-Password:***' (local)"},
      {{"Import-CsCertificate", "-Path", "a", "-Password", ""}, "Import-CsCertificate -Path:a '-Password:***' (local)"},
      {{"Import-CsCertificate", "-?"}, "Import-CsCertificate --help"},
      {{"Import-CsCertificate", "-Force", "--json", "--home", "h", "-Path", "p"},
       "Import-CsCertificate --home=h --json -Path:p -Force (local)"},
  };
  for (const Case& each : cases) EXPECT_EQ(outcome(parse(each.words)), each.outcome);
}

constexpr const char* kImportSets =
    "central: -Path FILE -Identity SCOPE -Type TYPES; local: -Path FILE [-PrivateKeyExportable BOOLEAN]";

TEST(Cmdlet, RefusesWithTheCauseAndTheFix) {
  const std::string sets = kImportSets;
  const struct {
    Strings words;
    std::string outcome;
  } cases[] = {
      {{"Import-CsCertificate", "-Path", "a", "-Type", "Default"},
       "CF1009: -Type cannot stand alone: -Identity is missing | the parameter sets are " + sets},
      {{"Import-CsCertificate", "-Path", "a", "-Identity", "global"},
       "CF1009: -Identity cannot stand alone: -Type is missing | the parameter sets are " + sets},
      {{"Import-CsCertificate", "-Path", "a", "-Identity", "global", "-Type", "X", "-PrivateKeyExportable", "true"},
       "CF1008: -Identity and -PrivateKeyExportable belong to different parameter sets | keep to one set; " + sets},
      {{"Import-CsCertificate", "-Force"}, "CF1009: -Path is missing | the parameter sets are " + sets},
      {{"Import-CsCertificate", "-Identity", "global", "-Type", "Default"},
       "CF1009: -Identity cannot stand alone: -Path is missing | the parameter sets are " + sets},
      {{"Import-CsCertificate", "-Path", "a", "-PrivateKeyExportable"},
       "CF1005: -PrivateKeyExportable needs $true or $false, and nothing follows it | write -PrivateKeyExportable "
       "'$True' or -PrivateKeyExportable True: a shell turns an unquoted $True into nothing"},
      {{"Import-CsCertificate", "-PrivateKeyExportable", "-Path", "a"},
       "CF1005: -PrivateKeyExportable needs $true or $false, and nothing follows it | write -PrivateKeyExportable "
       "'$True' or -PrivateKeyExportable True: a shell turns an unquoted $True into nothing"},
      {{"Import-CsCertificate", "-PrivateKeyExportable", "", "-Path", "a"},
       "CF1005: -PrivateKeyExportable needs $true or $false, and nothing follows it | write -PrivateKeyExportable "
       "'$True' or -PrivateKeyExportable True: a shell turns an unquoted $True into nothing"},
      {{"Import-CsCertificate", "-Path", "a", "-Confirm:"},
       "CF1005: -Confirm needs $true or $false, and nothing follows it | write -Confirm:'$True' or -Confirm:True: a "
       "shell turns an unquoted $True into nothing"},
      {{"Import-CsCertificate", "-Path", "a", "-PrivateKeyExportable", "yes"},
       "CF1006: the value of -PrivateKeyExportable is neither true nor false | write true or false; $true, $false, 1 "
       "and 0 are read too"},
      {{"Import-CsCertificate", "-Path", "a", "-Roll", "$true"},
       "CF1020: a switch does not take the next word as its value | write '-Roll:$true'"},
      {{"Import-CsCertificate", "-Path", "a", "-R"}, "CF1003: this could be -Roll or -Report | write more of the name"},
      {{"Import-CsCertificate", "-Pa", "a"}, "CF1003: this could be -Path or -Password | write more of the name"},
      {{"Import-CsCertificate", "-Path", "a", "-path", "b"}, "CF1007: -Path is given twice | write it once"},
      {{"Import-CsCertificate", "-Path", "a", "-Efectivedate", "x"},
       "CF1002: Import-CsCertificate has no such parameter | did you mean -EffectiveDate? 'Import-CsCertificate -?' "
       "shows its parameters"},
      {{"Import-CsCertificate", "-Path", "a", "-sel", "x"},
       "CF1002: Import-CsCertificate has no such parameter | did you mean --select? 'Import-CsCertificate -?' shows its "
       "parameters"},
      {{"Import-CsCertificate", "-Path", "a", "-ErrorAction", "Stop"},
       "CF1002: Import-CsCertificate has no such parameter | leave it out: PowerShell's common parameters work in "
       "PowerShell only"},
      {{"Import-CsCertificate", "-Path"},
       "CF1004: -Path needs a value | write -Path FILE; a value that begins with a dash is written as -Path:-…"},
      {{"Import-CsCertificate", "-Path", "-Roll"},
       "CF1004: -Path needs a value | write -Path FILE; a value that begins with a dash is written as -Path:-…"},
      {{"Import-CsCertificate", "-Path", "a", "-Password", "-Roll"},
       "CF1004: -Password needs a value | write -Password PASSWORD; a value that begins with a dash is written as "
       "-Password:-…"},
      {{"Import-CsCertificate", "-Path", ""},
       "CF1017: the value of -Path is empty | write a value; if it came from a variable, the variable is not set"},
      {{"Import-CsCertificate", "-Path", "a", "-Identity", "global", "-Type", "Default,"},
       "CF1012: the list of -Type has an empty place | write the types with one comma between two of them"},
      {{"Import-CsCertificate", "-Path", "a", "-Roll"},
       "CF1014: -Roll needs -EffectiveDate | write -EffectiveDate as well"},
      {{"Import-CsCertificate", "a", "b", "c", "-Type", "Default"},
       "CF1010: this word belongs to no parameter | quote values that contain spaces, or name the parameter"},
      {{"Import-CsCertificate", "-Path", "a", "-Password", "x", "--password-file", "f"},
       "CF1013: -Password and --password-file exclude each other | write one of them"},
      {{"Import-CsCertificate", "-Path", "a", "--password-fd", "three"},
       "CF1016: the value of --password-fd is not a number | write a number from 0 to 2147483647"},
      {{"Set-CsCertificate", "-Thumbprint", "B1", "-NetportId", "x"}, "CF1015: -NetportId is reserved | leave it out"},
      {{"Set-CsCertificate", "-Type", "Default"},
       "CF1009: -Reference or -Thumbprint is missing | the parameter sets are reference: -Reference OBJECT [-NetportId "
       "ID]; thumbprint: -Thumbprint THUMBPRINT [-NetportId ID]; path: -Identity SCOPE -Path FILE -Type TYPES "
       "[-Password PASSWORD] [--password-file FILE] [--password-fd N] [--select THUMBPRINT]"},
      {{"Import-Certificate", "-Path", "a"},
       "CF1001: there is no such cmdlet | 'certferry help' shows the commands and cmdlets"},
  };
  for (const auto& each : cases) EXPECT_EQ(outcome(parse(each.words)), each.outcome);
}

std::string where(const Strings& words) {
  const Parsed parsed = parse(words);
  return parsed ? "read" : parsed.error().where;
}

TEST(Cmdlet, PointsAtTheMistakeWithoutShowingSecrets) {
  EXPECT_EQ(where({"Import-CsCertificate", "-Path", "web.pfx", "-Efectivedate", "7/31"}),
            "  Import-CsCertificate -Path web.pfx -Efectivedate …\n"
            "                                     ^~~~~~~~~~~~~");
  EXPECT_EQ(where({"Import-CsCertificate", "-Password", "S3cret", "-Pth", "a"}),
            "  Import-CsCertificate -Password *** -Pth …\n"
            "                                     ^~~~");
  EXPECT_EQ(where({"Import-CsCertificate", "-Pasword:S3cret"}),
            "  Import-CsCertificate -Pasword\n"
            "                       ^~~~~~~~");
  EXPECT_EQ(where({"Import-CsCertificate", "-Path:a", "-Confirm:maybe"}),
            "  Import-CsCertificate -Path:a -Confirm:maybe\n"
            "                                        ^~~~~");
  EXPECT_EQ(where({"Import-CsCertificate", "-Force"}),
            "  Import-CsCertificate -Force \n"
            "                              ^");
  EXPECT_EQ(where({"Import-CsCertificate", "\xe8\xa8\xbc\x1b[31m", "b", "c"}),
            "  Import-CsCertificate \xe8\xa8\xbc\\u{1b}[31m b c\n"
            "                                      ^");
}

TEST(Cmdlet, NeverShowsTheRestOfAnUnquotedPassword) {
  const Parsed parsed = parse({"Get-CsCertificate", "global", "-Password", "one", "two"});
  ASSERT_FALSE(parsed);
  const Parsed import = parse({"Import-CsCertificate", "a", "global", "-Password", "one", "two"});
  ASSERT_FALSE(import);
  EXPECT_EQ(import.error().where,
            "  Import-CsCertificate a global -Password *** ***\n"
            "                                              ^~~");
}

TEST(CommandLine, WipesThePasswordFromTheArguments) {
  for (const char* attached : {"", ":"}) {
    std::string name = "/usr/local/bin/IMPORT-cscertificate";
    Strings words{name, "-Path", "web.pfx"};
    if (*attached) {
      words.push_back("-Password:P@ssw0rd");
    } else {
      words.insert(words.end(), {"-Password", "P@ssw0rd"});
    }
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    Parsed parsed = parse_command_line(static_cast<int>(argv.size()), argv.data());
    ASSERT_TRUE(parsed);
    EXPECT_EQ(parsed->secret(ParameterId::kPassword)->text(), "P@ssw0rd");
    for (const std::string& word : words) EXPECT_EQ(word.find("P@ss"), std::string::npos);
  }
}

TEST(CommandLine, WipesThePasswordEvenWhenTheRestIsWrong) {
  Strings words{"certferry", "import", "--password=P@ssw0rd", "--wrong"};
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  const Parsed parsed = parse_command_line(static_cast<int>(argv.size()), argv.data());
  ASSERT_FALSE(parsed);
  EXPECT_EQ(words[2], std::string("--password=") + std::string(8, '\0'));
  EXPECT_EQ(parsed.error().where,
            "  certferry import --password=*** --wrong\n                                  ^~~~~~~");
}

// Values that stress the parser: dashes, commas, Booleans, quotes, controls.
rc::Gen<std::string> value_of(const Use& use) {
  const Kind kind = parameter(use.parameter).kind;
  if (kind == Kind::kNumber) return rc::gen::map(rc::gen::inRange(0, 100000), [](int n) { return std::to_string(n); });
  if (kind == Kind::kChoice) return rc::gen::just(std::string(choices_of(use).substr(0, choices_of(use).find('|'))));
  const std::string letters = kind == Kind::kTypes ? "abcXYZ" : "abc-$:=, '\"\t/\x1b\xc3\xa9";
  return rc::gen::nonEmpty(rc::gen::container<std::string>(rc::gen::elementOf(letters)));
}

Strings any_words(const Command& command, Dialect dialect) {
  Strings words;
  Strings bare;
  for (std::span<const Use> uses : {command.uses, global_uses()}) {
    for (const Use& use : uses) {
      const Parameter& each = parameter(use.parameter);
      if (*rc::gen::inRange(0, 3) == 0) continue;
      if (each.option.empty()) {
        bare.push_back(each.kind == Kind::kSecret ? "***" : *value_of(use));
        continue;
      }
      const std::string joint = dialect == Dialect::kCmdlet && !each.cmdlet.empty() ? ":" : "=";
      const bool flag = each.kind == Kind::kSwitch || each.kind == Kind::kBoolean;
      const std::string value = each.kind == Kind::kSecret ? "***"
                                : flag                     ? *rc::gen::element<std::string>("true", "false")
                                                           : *value_of(use);
      words.push_back(spelled(each, dialect) + joint + value);
    }
  }
  words.emplace_back("--");
  words.insert(words.end(), bare.begin(), bare.end());
  return words;
}

TEST(Dialects, WhatIsWrittenIsReadBackEqual) {
  std::size_t read = 0;
  EXPECT_TRUE(rc::check([&read] {
    const Command& command = commands()[*rc::gen::inRange<std::size_t>(0, commands().size())];
    const Dialect dialect = command.cmdlet.empty() || *rc::gen::arbitrary<bool>() ? Dialect::kNative : Dialect::kCmdlet;
    Strings words = any_words(command, dialect);
    Strings first = words;
    if (dialect == Dialect::kNative) first.insert(first.begin(), std::string(command.name));
    const Parsed parsed = dialect == Dialect::kNative ? parse_native(first) : parse_cmdlet(command.cmdlet, first);
    if (!parsed) return;  // sets may be mixed, rivals may meet
    ++read;
    const Strings again = parsed->words();
    const Parsed second = again[0] == "certferry" ? parse_native(std::span(again).subspan(1))
                                                  : parse_cmdlet(again[0], std::span(again).subspan(1));
    RC_ASSERT(second.has_value());
    RC_ASSERT(*second == *parsed);
  }));
  EXPECT_GT(read, 10u);
}

TEST(Dialects, SurviveAnyBytes) {
  EXPECT_TRUE(rc::check([](const std::vector<std::string>& words) {
    for (std::string_view cmdlet : {"Import-CsCertificate", "Set-CsCertificate", "Request-CsCertificate"}) {
      const Parsed parsed = parse_cmdlet(cmdlet, words);
      if (!parsed) RC_ASSERT(!parsed.error().error.id.empty());
    }
    (void)parse_native(words);
  }));
}

}  // namespace
}  // namespace certferry::cli
