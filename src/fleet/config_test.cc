#include "fleet/config.h"

#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace certferry::fleet {
namespace {

constexpr const char* kExample = R"(# a front end in Redmond
[computer]
fqdn = "WEB01.litwareinc.com"
site = "Redmond"
pool = "web.litwareinc.com"
types = ["default", "WebServicesExternal", "ldap"]
names = ["www.litwareinc.com", "192.0.2.1"]

[import]
require_trust = true

[checks]
warn_lifetime_left = 0.5
ignore = ["CF1420"]

[types.WebServicesExternal]
names = ["www.litwareinc.com", "*.apps.litwareinc.com"]
service_accounts = ["www-data"]

[types.ldap]
description = "directory servers"
coexistence = "36h"
least_rsa_bits = 3072
)";

ConfigSource source(std::string text) { return {std::move(text), "certferry.toml", "host.example", {}}; }

std::string shown(const Config& config) {
  std::string text;
  for (const ConfigRow& row : config.rows()) text += row.key + " = " + row.value + "  # " + row.origin + "\n";
  return text;
}

TEST(Config, WithoutAFileHasDefaults) {
  Config config = parse_config(source("")).value();
  EXPECT_EQ(config.computer.fqdn, "host.example");
  EXPECT_EQ(config.types.all().size(), 20U);
  EXPECT_EQ(shown(config),
            "computer.fqdn = \"host.example\"  # default\n"
            "computer.site = \"\"  # default\n"
            "computer.pool = \"\"  # default\n"
            "computer.types = all  # default\n"
            "computer.names = []  # default\n"
            "import.require_trust = false  # default\n"
            "import.private_key_exportable = false  # default\n"
            "checks.warn_lifetime_left = 0.25  # default\n"
            "checks.ignore = []  # default\n"
            "agent.ntp_servers = []  # default\n"
            "store.url = \"sqlite\"  # default\n");
  EXPECT_EQ(parse_config({"", "certferry.toml", "my_host", {}})->computer.fqdn, "localhost");
}

TEST(Config, ShowsEachValueWithItsOrigin) {
  ConfigSource from = source(kExample);
  from.environment = {{"CERTFERRY_COMPUTER_SITE", "Atlanta"}, {"CERTFERRY_HOME", "/x"}, {"PATH", "/bin"}};
  Config config = parse_config(from).value();
  EXPECT_EQ(
      shown(config),
      "computer.fqdn = \"web01.litwareinc.com\"  # certferry.toml:3\n"
      "computer.site = \"Atlanta\"  # environment CERTFERRY_COMPUTER_SITE\n"
      "computer.pool = \"web.litwareinc.com\"  # certferry.toml:5\n"
      "computer.types = [\"Default\", \"WebServicesExternal\", \"ldap\"]  # certferry.toml:6\n"
      "computer.names = [\"www.litwareinc.com\", \"192.0.2.1\"]  # certferry.toml:7\n"
      "import.require_trust = true  # certferry.toml:10\n"
      "import.private_key_exportable = false  # default\n"
      "checks.warn_lifetime_left = 0.5  # certferry.toml:13\n"
      "checks.ignore = [\"CF1420\"]  # certferry.toml:14\n"
      "agent.ntp_servers = []  # default\n"
      "store.url = \"sqlite\"  # default\n"
      "types.WebServicesExternal.names = [\"www.litwareinc.com\", \"*.apps.litwareinc.com\"]  # certferry.toml:17\n"
      "types.WebServicesExternal.service_accounts = [\"www-data\"]  # certferry.toml:18\n"
      "types.ldap.description = \"directory servers\"  # certferry.toml:21\n"
      "types.ldap.least_rsa_bits = 3072  # certferry.toml:23\n"
      "types.ldap.coexistence = \"1d12h\"  # certferry.toml:22\n");
  EXPECT_EQ(config.types.find("LDAP")->extended_key_usages, std::vector<std::string>{"serverAuth"});
  EXPECT_EQ(config.types.find("WebServicesExternal")->origins.at("names"), "certferry.toml:17");
}

TEST(Config, MistakesAreShownInTheirPlace) {
  struct Case {
    const char* text;
    const char* id;
    const char* message;
    const char* fix;
  };
  const Case kCases[] = {
      {"[computer]\nsite = \"a\"\nfqdn = \n", "CF1930", nullptr,
       "correct the line; docs/formats/config.md has an example"},
      {"[computer]\nsite = \"a\"\n[é]\n", "CF1930", "certferry.toml:3: a table header has no key\n  [é]\n  ^",
       "correct the line; docs/formats/config.md has an example"},
      {"[computer]\nsite = \"é\" # é\n é = 1\n", "CF1930",
       "certferry.toml:3: a character that may stand in quotes and comments only\n   é = 1\n   ^",
       "correct the line; docs/formats/config.md has an example"},
      {"[computer]\n  ste = \"north\"\n", "CF1931",
       "certferry.toml:2: unknown key 'ste' in [computer]\n    ste = \"north\"\n    ^", "did you mean 'site'?"},
      {"[computr]\nsite = \"a\"\n", "CF1931", "certferry.toml:1: unknown key 'computr'\n  [computr]\n   ^",
       "did you mean 'computer'?"},
      {"[import]\ncolour = 1\n", "CF1931", "certferry.toml:2: unknown key 'colour' in [import]\n  colour = 1\n  ^",
       "known keys: require_trust, private_key_exportable"},
      {"[import]\nrequire_trust = \"yes\"\n", "CF1932",
       "certferry.toml:2: 'require_trust' wants true or false\n  require_trust = \"yes\"\n                  ^",
       "write require_trust = false"},
      {"[computer]\ntypes = [\"Default\", \"WebService\"]\n", "CF1933",
       "certferry.toml:2: there is no certificate type 'WebService'\n  types = [\"Default\", \"WebService\"]\n"
       "                      ^",
       "did you mean 'WebServicesExternal'?"},
      {"[computer]\nfqdn = \"a b\"\n", "CF1933",
       "certferry.toml:2: 'a b' is not a host name: a label has other characters than letters, digits and '-'\n"
       "  fqdn = \"a b\"\n         ^",
       "write the name as DNS knows it, as in web01.litwareinc.com"},
      {"[checks]\nwarn_lifetime_left = 2\n", "CF1933",
       "certferry.toml:2: 2 is outside 0 to 1\n  warn_lifetime_left = 2\n                       ^",
       "use a number from 0 to 1"},
      {"[types.Default]\ncoexistence = \"soon\"\n", "CF1932",
       "certferry.toml:2: 'soon' is not a duration such as 8h, or until-expiry\n  coexistence = \"soon\"\n"
       "                ^",
       "set it to a duration such as 8h, or until-expiry"},
      {"[types.\"a b\"]\nnames = []\n", "CF1933",
       "certferry.toml:1: 'a b' cannot be the name of a certificate type\n  [types.\"a b\"]\n         ^",
       "use a letter, then letters, digits and '-', at most 64 in all"},
      {"computer = 1\n", "CF1932", "certferry.toml:1: 'computer' is not a section\n  computer = 1\n             ^",
       "write [computer] on a line of its own, its keys below"},
      {"[computer]\ntypes = \"Default\"\n", "CF1932",
       "certferry.toml:2: 'types' wants a list\n  types = \"Default\"\n          ^", "write types = [\"…\", \"…\"]"},
  };
  for (const Case& c : kCases) {
    Result<Config> config = parse_config(source(c.text));
    ASSERT_FALSE(config) << c.text;
    EXPECT_EQ(config.error().id, c.id) << c.text;
    if (c.message) {
      EXPECT_EQ(config.error().message, c.message) << c.text;
    }
    EXPECT_EQ(config.error().fix, c.fix) << c.text;
  }
}

TEST(Config, MistakesInTheEnvironmentNameTheVariable) {
  ConfigSource from;
  from.host_name = "a.example";
  from.environment = {{"CERTFERRY_IMPORT_REQUIRE_TRUST", "ja"}};
  EXPECT_EQ(parse_config(from).error(),
            (Error{ErrorKind::kUsage, "CF1932", "environment CERTFERRY_IMPORT_REQUIRE_TRUST: 'ja' is not true or false",
                   "set it to true or false"}));
  from.environment = {{"CERTFERRY_COMPUTER_STIE", "x"}};
  EXPECT_EQ(parse_config(from).error().fix, "did you mean 'CERTFERRY_COMPUTER_SITE'?");
}

TEST(Config, AnyTextEndsInAValueOrAnError) {
  EXPECT_TRUE(rc::check([] {
    std::string text = kExample;
    for (int i = 0; i < 3; ++i) {
      text[*rc::gen::inRange<std::size_t>(0, text.size())] = static_cast<char>(*rc::gen::inRange(0, 256));
    }
    Result<Config> config = parse_config(source(text));
    if (!config) RC_ASSERT(!config.error().message.empty());
  }));
}

}  // namespace
}  // namespace certferry::fleet
