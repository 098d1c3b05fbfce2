#include "store/etcd_url.h"

#include <gtest/gtest.h>

namespace certferry::store {
namespace {

TEST(EtcdUrl, NamesMembersStoreAndFiles) {
  const auto url = parse_etcd_url(
      "etcd://e1.litwareinc.com:2379,192.0.2.7,[2001:db8::1]:2400/fleet?ca=/etc/a%20b.pem&cert=/c.pem&key=/k.pem");
  ASSERT_TRUE(url) << url.error().message;
  EXPECT_EQ(*url, (EtcdUrl{{{"e1.litwareinc.com", 2379}, {"192.0.2.7", 2379}, {"2001:db8::1", 2400}},
                           "fleet",
                           "/etc/a b.pem",
                           "/c.pem",
                           "/k.pem"}));
  EXPECT_EQ(url->prefix(), "/certferry/fleet/");
  EXPECT_EQ(url->endpoints[2].text(), "[2001:db8::1]:2400");
}

TEST(EtcdUrl, NeedsNoTlsOnLoopback) {
  for (const char* text : {"etcd://127.0.0.1/f", "etcd://localhost:1/f", "etcd://[::1]:2379,127.0.0.2/f"})
    EXPECT_TRUE(parse_etcd_url(text)) << text;
}

TEST(EtcdUrl, RefusesWhatIsNotWellFormed) {
  const std::pair<const char*, const char*> cases[] = {
      {"http://127.0.0.1/f", "it does not begin with etcd://"},
      {"etcd://127.0.0.1", "it names no store"},
      {"etcd://127.0.0.1?ca=/f", "it names no store"},
      {"etcd://127.0.0.1/", "'' is no name of a store"},
      {"etcd://127.0.0.1/a/b", "'a/b' is no name of a store"},
      {"etcd://127.0.0.1/..", "'..' is no name of a store"},
      {"etcd:///f", "'' is no host"},
      {"etcd://127.0.0.1,/f", "'' is no host"},
      {"etcd://127.0.0/f", "'127.0.0' is no host"},
      {"etcd://a_b/f?ca=/c", "'a_b' is no host"},
      {"etcd://u@h/f?ca=/c", "'u@h' is no host"},
      {"etcd://[::1/f", "'[' without ']'"},
      {"etcd://[::g]/f", "'::g' is no IPv6 address"},
      {"etcd://[::1]2379/f", "something follows ']'"},
      {"etcd://127.0.0.1:/f", "'' is no port"},
      {"etcd://127.0.0.1:0/f", "'0' is no port"},
      {"etcd://127.0.0.1:65536/f", "'65536' is no port"},
      {"etcd://127.0.0.1:23 /f", "'23 ' is no port"},
      {"etcd://127.0.0.1,127.0.0.1:2379/f", "127.0.0.1:2379 is named twice"},
      {"etcd://h/f", "h:2379 would be talked to without TLS"},
      {"etcd://127.0.0.1/f?", "'' is no parameter"},
      {"etcd://127.0.0.1/f?kei=/k", "'kei' is no parameter"},
      {"etcd://127.0.0.1/f?ca", "'ca' has no value"},
      {"etcd://127.0.0.1/f?ca=a.pem", "'ca' is no absolute path"},
      {"etcd://127.0.0.1/f?ca=/a&ca=/a", "'ca' is there twice"},
      {"etcd://127.0.0.1/f?ca=/a%0", "'%0' is no encoded octet"},
      {"etcd://127.0.0.1/f?ca=/a%00b", "'%00' is no encoded octet"},
      {"etcd://127.0.0.1/f?ca=/a&cert=/c", "cert and key go together"},
      {"etcd://127.0.0.1/f?key=/k&cert=/c", "a client certificate without ca"},
  };
  for (const auto& [text, why] : cases) {
    const auto url = parse_etcd_url(text);
    ASSERT_FALSE(url) << text;
    EXPECT_EQ(url.error().id, "CF1512") << text;
    EXPECT_EQ(url.error().message, std::string("the etcd address is not well-formed: ") + why) << text;
    EXPECT_FALSE(url.error().fix.empty()) << text;
  }
  EXPECT_EQ(parse_etcd_url("etcd://127.0.0.1/f?kei=/k").error().fix, "did you mean 'key'?");
}

}  // namespace
}  // namespace certferry::store
