#include "probe/endpoint.h"

#include <gtest/gtest.h>

namespace certferry::probe {
namespace {

TEST(Endpoint, IsReadAndWrittenBack) {
  struct Case {
    std::string text, host;
    std::uint16_t port;
  };
  for (const auto& [text, host, port] : std::vector<Case>{
           {"www.example.com:443", "www.example.com", 443},
           {"localhost:65535", "localhost", 65535},
           {"xn--bcher-kva.example:1", "xn--bcher-kva.example", 1},
           {"_sip._tls.example:5061", "_sip._tls.example", 5061},
           {"192.0.2.1:8443", "192.0.2.1", 8443},
           {"[::1]:443", "::1", 443},
           {"[2001:db8::192.0.2.1]:443", "2001:db8::192.0.2.1", 443},
           {"[fe80::1%eth0]:443", "fe80::1%eth0", 443},
       }) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_TRUE(endpoint) << text << endpoint.error().message;
    EXPECT_EQ(*endpoint, (Endpoint{host, port})) << text;
    EXPECT_EQ(to_text(*endpoint), text);
  }
}

TEST(Endpoint, SaysWhatIsWrong) {
  const std::string example = "write HOST:PORT, such as www.example.com:443 or [2001:db8::1]:443";
  struct Case {
    std::string text, cause, fix;
  };
  for (const auto& [text, cause, fix] : std::vector<Case>{
           {"", "there is no port", example},
           {"www.example.com", "there is no port", example},
           {"www.example.com:", "the port is no number from 1 to 65535", example},
           {"www.example.com:0", "the port is no number from 1 to 65535", example},
           {"www.example.com:65536", "the port is no number from 1 to 65535", example},
           {"www.example.com:https", "the port is no number from 1 to 65535", example},
           {"www.example.com:+443", "the port is no number from 1 to 65535", example},
           {"www.example.com:443/", "the port is no number from 1 to 65535", example},
           {"https://www.example.com:443", "it is a URL", "leave out the scheme and the path: www.example.com:443"},
           {"::1:443", "it has several colons", "put an IPv6 address into brackets: [2001:db8::1]:443"},
           {"[::1]", "there is no port", example},
           {"[::1:443", "there is no ]", example},
           {"[::1]x:443", "there is something between ] and the port", example},
           {"[::g]:443", "what stands in brackets is no IPv6 address", example},
           {"[192.0.2.1]:443", "what stands in brackets is no IPv6 address", example},
           {":443", "there is no host", example},
           {"a b:443", "the name has characters that host names do not have",
            "write a name with other letters than ASCII in its ASCII form (xn--…)"},
           {"b\u00fccher.example:443", "the name has characters that host names do not have",
            "write a name with other letters than ASCII in its ASCII form (xn--…)"},
           {std::string(256, 'a') + ":443", "the name is longer than 255 characters", example},
       }) {
    const auto endpoint = parse_endpoint(text);
    ASSERT_FALSE(endpoint) << text;
    EXPECT_EQ(endpoint.error(),
              (Error{ErrorKind::kUsage, "CF2001", "\"" + text + "\" is no address to connect to: " + cause, fix}));
  }
}

TEST(Endpoint, EscapesWhatItQuotes) {
  EXPECT_EQ(parse_endpoint("\x1b[31m:1").error().message,
            "\"\\u{1b}[31m:1\" is no address to connect to: the name has characters that host names do not have");
}

}  // namespace
}  // namespace certferry::probe
