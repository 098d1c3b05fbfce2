#include "fleet/type.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

namespace certferry::fleet {
namespace {

using std::chrono::hours;
using std::chrono::seconds;
using testing::ElementsAre;

TEST(Types, AreTheTwentyOfTheContract) {
  EXPECT_THAT(TypeTable().names(),
              ElementsAre("AccessEdgeExternal", "AudioVideoAuthentication", "DataEdgeExternal", "Default", "External",
                          "Internal", "iPadAPNService", "iPhoneAPNService", "LogRetentionService", "MPNService",
                          "OAuthTokenIssuer", "PICWebService", "ProvisionService", "SMPDNSWebService", "TenantAdmin",
                          "UpgradeEngineService", "WebServicesExternal", "WebServicesInternal", "WsFedTokenTransfer",
                          "XMPPServer"));
}

TEST(Types, SpeakMutualTlsWhereTheContractSaysSo) {
  std::vector<std::string> mutual;
  TypeTable table;
  for (const Type& type : table.all()) {
    if (type.mutual_tls) mutual.push_back(type.name);
  }
  EXPECT_THAT(mutual, ElementsAre("AccessEdgeExternal", "Default", "External", "XMPPServer"));
}

TEST(Types, OfTokensCoexistAndRefuseEdwardsCurves) {
  TypeTable table;
  EXPECT_EQ(table.find("OAuthTokenIssuer")->coexistence, hours(8));
  EXPECT_EQ(table.find("AudioVideoAuthentication")->coexistence, hours(8));
  EXPECT_EQ(table.find("WsFedTokenTransfer")->coexistence, std::nullopt);
  EXPECT_EQ(table.find("OAuthTokenIssuer")->window(), hours(8) + std::chrono::minutes(10));
  EXPECT_EQ(table.find("WsFedTokenTransfer")->window(), std::nullopt);
  for (const char* name : {"OAuthTokenIssuer", "WsFedTokenTransfer", "AudioVideoAuthentication"}) {
    EXPECT_FALSE(table.find(name)->eddsa);
    EXPECT_TRUE(table.find(name)->same_everywhere);
    EXPECT_EQ(table.find(name)->lead, hours(24));
    EXPECT_THAT(table.find(name)->extended_key_usages, ElementsAre());
  }
  for (const char* name : {"iPadAPNService", "iPhoneAPNService", "MPNService"}) {
    EXPECT_THAT(table.find(name)->extended_key_usages, ElementsAre("clientAuth")) << name;
  }
}

TEST(Types, AreFoundInAnyCase) {
  TypeTable table;
  EXPECT_EQ(table.find("IPHONEapnSERVICE")->name, "iPhoneAPNService");
  EXPECT_EQ(table.find("nothing"), nullptr);
  EXPECT_EQ(table.parse_list("default, WEBSERVICESEXTERNAL ,Default").value(),
            (std::vector<std::string>{"Default", "WebServicesExternal"}));
  EXPECT_EQ(table.parse_list(" , ").error().id, "CF1902");
  Error error = table.parse_list("Default,WebServiceExternal").error();
  EXPECT_EQ(error, (Error{ErrorKind::kUsage, "CF1901", "there is no certificate type 'WebServiceExternal'",
                          "did you mean 'WebServicesExternal'?"}));
}

TEST(Types, CanBeAddedAndAdjusted) {
  TypeTable table;
  Type own;
  own.name = "Ldap";
  ASSERT_TRUE(table.put(own));
  own.name = "lDAP";
  own.least_rsa_bits = 3072;
  ASSERT_TRUE(table.put(own));
  EXPECT_EQ(table.all().size(), 21U);
  EXPECT_EQ(table.find("ldap")->name, "Ldap");
  EXPECT_EQ(table.find("ldap")->least_rsa_bits, 3072);
  for (const char* name : {"", "1st", "a b", "a/b", "a.b", "ä"}) {
    own.name = name;
    EXPECT_EQ(table.put(own).error().id, "CF1903") << name;
  }
}

TEST(Types, ShowTheirProfileWithItsSources) {
  Type type = TypeTable().get("OAuthTokenIssuer").value();
  type.names = {"sts.litwareinc.com"};
  type.origins["names"] = "certferry.toml:4";
  std::string text;
  for (const TypeRow& row : rows(type)) text += row.name + " | " + row.value + " | " + row.source + "\n";
  EXPECT_EQ(text,
            "name | OAuthTokenIssuer | built in\n"
            "description | signs server-to-server tokens | built in\n"
            "purpose | token-signing | built in\n"
            "mutual TLS | no | built in\n"
            "extended key usage | none | built in\n"
            "key usage | digitalSignature | built in\n"
            "keys | RSA from 2048 bits; EC from 256 bits | built in\n"
            "covers the computer's fqdn | no | built in\n"
            "names it must cover | sts.litwareinc.com | certferry.toml:4\n"
            "previous stays after a roll | 8h | built in\n"
            "margin for caches and clocks | 10m | built in\n"
            "lead before a roll | 1d | built in\n"
            "same certificate everywhere | yes | built in\n"
            "service accounts | none | built in\n");
}

TEST(Durations, RoundTrip) {
  EXPECT_TRUE(rc::check([] {
    seconds duration(*rc::gen::inRange<std::int64_t>(0, 100LL * 365 * 86400));
    RC_ASSERT(duration_from(duration_text(duration)) == duration);
  }));
  EXPECT_EQ(duration_text(seconds(93784)), "1d2h3m4s");
  for (const char* text : {"", "8", "h", "-8h", "8x", "8h 30m", "30m8h", "8h8h", "99999999999999999999d", "1e3s"}) {
    EXPECT_EQ(duration_from(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace certferry::fleet
