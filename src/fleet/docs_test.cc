// Holds docs/types.md and docs/formats/config.md to what the code does.
#include <gtest/gtest.h>

#include <fstream>

#include "fleet/config.h"

namespace certferry::fleet {
namespace {

std::string page(const std::string& name) {
  std::ifstream file(std::string(CERTFERRY_SOURCE_DIR) + "/docs/" + name);
  EXPECT_TRUE(file) << name << " is missing";
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

TEST(Docs, TellEachTypesProfile) {
  std::string docs = page("types.md");
  TypeTable table;
  auto yes_no = [](bool value) { return value ? "yes" : "no"; };
  for (const Type& type : table.all()) {
    const char* what = type.purpose == Purpose::kTlsServer   ? "TLS server"
                       : type.purpose == Purpose::kTlsClient ? "TLS client"
                                                             : "signs tokens";
    std::string stays =
        !type.coexistence ? "until it expires" : std::to_string(type.coexistence->count() / 3600) + " hours";
    std::string lead = type.lead.count() == 0 ? "none" : std::to_string(type.lead.count() / 86400) + " day";
    std::string row = "\n| " + type.name + " | " + what + " | " + yes_no(type.mutual_tls) + " | " +
                      yes_no(type.covers_computer) + " | " + yes_no(type.eddsa) + " | " + stays + " | " + lead + " | " +
                      yes_no(type.same_everywhere) + " | " + type.description + " |\n";
    EXPECT_NE(docs.find(row), std::string::npos) << row;
  }
}

TEST(Docs, ShowAConfigThatIsOne) {
  std::string docs = page("formats/config.md");
  std::size_t begin = docs.find("```toml\n");
  ASSERT_NE(begin, std::string::npos);
  begin += 8;
  Result<Config> config = parse_config({docs.substr(begin, docs.find("```", begin) - begin), "config.md", "a", {}});
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->computer.fqdn, "web01.litwareinc.com");
  EXPECT_EQ(config->types.find("ldap")->service_accounts, std::vector<std::string>{"openldap"});
}

TEST(Docs, NameEachKey) {
  std::string docs = page("formats/config.md");
  Config config =
      parse_config({"[types.Own]\ndescription=''\npurpose='tls-client'\nmutual_tls=true\n"
                    "extended_key_usages=[]\nleast_rsa_bits=1\nleast_ec_bits=1\neddsa=true\n"
                    "covers_computer=true\nnames=[]\ncoexistence='1h'\nmargin='1m'\nlead='1h'\nsame_everywhere=true\n"
                    "service_accounts=[]\n",
                    "t",
                    "a",
                    {}})
          .value();
  for (const ConfigRow& row : config.rows()) {
    std::string key = row.key.substr(row.key.rfind('.') + 1);
    EXPECT_NE(docs.find("\n| `" + key + "` |"), std::string::npos) << row.key;
  }
}

}  // namespace
}  // namespace certferry::fleet
