#include "seal/hpke.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "seal/keys.h"
#include "seal/p256.h"

namespace certferry::seal {
namespace {

Bytes hex(std::string_view text) { return *from_hex(text); }

struct Message {
  std::uint64_t sequence;
  std::string_view ciphertext;
};

struct Exported {
  std::string_view context;
  std::string_view value;
};

struct Vector {
  std::string_view name;
  Aead aead;
  std::string_view ephemeral, recipient_point, recipient, enc;
  std::vector<Message> messages;
  std::vector<Exported> exported;
};

constexpr std::string_view kInfo = "4f6465206f6e2061204772656369616e2055726e";
constexpr std::string_view kPlain = "4265617574792069732074727574682c20747275746820626561757479";

// RFC 9180 appendix A.3.1, and the entry of CFRG's test-vectors.json that the appendix leaves out (both: IETF Trust, Revised BSD
// License). Every plain text is kPlain, the associated data "Count-" and the number.
const std::vector<Vector> kVectors = {
    {"RFC 9180 A.3.1",
     Aead::kAes128Gcm,
     "4995788ef4b9d6132b249ce59a77281493eb39af373d236a1fe415cb0c2d7beb",
     "04fe8c19ce0905191ebc298a9245792531f26f0cece2460639e8bc39cb7f706a826a779b4cf969b8a0e539c7f62fb3d30ad6aa8f80e30f1d128aafd68a2ce72ea0",
     "f3ce7fdae57e1a310d87f1ebbde6f328be0a99cdbcadf4d6589cf29de4b8ffd2",
     "04a92719c6195d5085104f469a8b9814d5838ff72b60501e2c4466e5e67b325ac98536d7b61a1af4b78e5b7f951c0900be863c403ce65c9bfcb9382657222d18c4",
     {{0, "5ad590bb8baa577f8619db35a36311226a896e7342a6d836d8b7bcd2f20b6c7f9076ac232e3ab2523f39513434"},
      {1, "fa6f037b47fc21826b610172ca9637e82d6e5801eb31cbd3748271affd4ecb06646e0329cbdf3c3cd655b28e82"},
      {2, "895cabfac50ce6c6eb02ffe6c048bf53b7f7be9a91fc559402cbc5b8dcaeb52b2ccc93e466c28fb55fed7a7fec"},
      {4, "8787491ee8df99bc99a246c4b3216d3d57ab5076e18fa27133f520703bc70ec999dd36ce042e44f0c3169a6a8f"},
      {255, "2ad71c85bf3f45c6eca301426289854b31448bcf8a8ccb1deef3ebd87f60848aa53c538c30a4dac71d619ee2cd"},
      {256, "10f179686aa2caec1758c8e554513f16472bd0a11e2a907dde0b212cbe87d74f367f8ffe5e41cd3e9962a6afb2"}},
     {{"", "5e9bc3d236e1911d95e65b576a8a86d478fb827e8bdfe77b741b289890490d4d"},
      {"00", "6cff87658931bda83dc857e6353efe4987a201b849658d9b047aab4cf216e796"},
      {"54657374436f6e74657874", "d8f1ea7942adbba7412c6d431c62d01371ea476b823eb697e1f6e6cae1dab85a"}}},
    {"CFRG, AES-256-GCM",
     Aead::kAes256Gcm,
     "90345e3a1d116c1dd39ae76d95ab858c142223a63e44f8f85318cfa91a84858e",
     "04abc7e49a4c6b3566d77d0304addc6ed0e98512ffccf505e6a8e3eb25c685136f853148544876de76c0f2ef99cdc3a05ccf5ded7860c7c021238f9e2073d2356c",
     "317f915db7bc629c48fe765587897e01e282d3e8445f79f27f65d031a88082b2",
     "04c06b4f6bebc7bb495cb797ab753f911aff80aefb86fd8b6fcc35525f3ab5f03e0b21bd31a86c6048af3cb2d98e0d3bf01da5cc4c39ff5370d331a4f1f7d5a4e0",
     {{0, "58c61a45059d0c5704560e9d88b564a8b63f1364b8d1fcb3c4c6ddc1d291742465e902cd216f8908da49f8f96f"},
      {1, "b4e7c90d1dd62cb563694956eb517ab55d5e7d1f6366a0066c04ababaa444dbaf60a30d7bb7d3e91b969762dee"}},
     {{"", "7a4c2b89e1909fb0e3ca42d5040f4c2d8346dc0643d787b8474e804f8f72798e"}}},
};

TEST(Hpke, AgreesWithTheVectorsOfTheRfcAndOfCfrg) {
  for (const Vector& vector : kVectors) {
    SCOPED_TRACE(vector.name);
    const Secret ephemeral(hex(vector.ephemeral));
    auto sender = HpkeContext::sender_with(ephemeral, hex(vector.recipient_point), hex(kInfo), vector.aead);
    ASSERT_TRUE(sender);
    EXPECT_EQ(sender->enc, hex(vector.enc));
    auto recipient =
        HpkeContext::recipient(*key_of(Secret(hex(vector.recipient))), sender->enc, hex(kInfo), vector.aead);
    ASSERT_TRUE(recipient);
    std::uint64_t sequence = 0;
    for (const Message& message : vector.messages) {
      for (;; ++sequence) {
        const std::string associated = "Count-" + std::to_string(sequence);
        const auto sealed = sender->context.seal(as_bytes(associated), hex(kPlain));
        ASSERT_TRUE(sealed);
        const auto opened = recipient->open(as_bytes(associated), *sealed);
        ASSERT_TRUE(opened);
        EXPECT_TRUE(equal(opened->view(), hex(kPlain)));
        if (sequence != message.sequence) continue;
        EXPECT_EQ(hex_lower(*sealed), message.ciphertext) << sequence;
        ++sequence;
        break;
      }
    }
    for (const Exported& one : vector.exported) {
      EXPECT_EQ(hex_lower(sender->context.export_secret(hex(one.context), 32).view()), one.value);
      EXPECT_EQ(hex_lower(recipient->export_secret(hex(one.context), 32).view()), one.value);
    }
  }
}

struct Pair {
  x509::PrivateKey key = *make_key();
  Bytes point = *point_of(key.public_key());
};

TEST(Hpke, GivesBackWhatWasSealedWhateverItIs) {
  const Pair recipient;
  EXPECT_TRUE(rc::check([&](const Bytes& info, const Bytes& associated, const Bytes& plain) {
    const auto sealed = hpke_seal(recipient.point, info, associated, plain);
    RC_ASSERT(sealed.has_value());
    const auto opened = hpke_open(recipient.key, *sealed, info, associated);
    RC_ASSERT(opened.has_value());
    RC_ASSERT(equal(opened->view(), plain));
  }));
}

TEST(Hpke, RefusesEveryFlippedBit) {
  const Pair recipient;
  const Bytes info = hex(kInfo), associated = to_bytes(as_bytes("who, what, where"));
  const auto sealed = hpke_seal(recipient.point, info, associated, hex(kPlain));
  ASSERT_TRUE(sealed);
  const auto opens = [&](const HpkeMessage& message, ByteView with_info, ByteView with) {
    return hpke_open(recipient.key, message, with_info, with).has_value();
  };
  ASSERT_TRUE(opens(*sealed, info, associated));
  const auto each_bit = [](Bytes bytes, const auto& look) {
    for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
      look(bytes);
      bytes[bit / 8] ^= static_cast<std::uint8_t>(1u << bit % 8);
    }
  };
  each_bit(sealed->enc, [&](const Bytes& enc) { EXPECT_FALSE(opens({enc, sealed->ciphertext}, info, associated)); });
  each_bit(sealed->ciphertext, [&](const Bytes& text) { EXPECT_FALSE(opens({sealed->enc, text}, info, associated)); });
  each_bit(info, [&](const Bytes& other) { EXPECT_FALSE(opens(*sealed, other, associated)); });
  each_bit(associated, [&](const Bytes& other) { EXPECT_FALSE(opens(*sealed, info, other)); });
  for (std::size_t length = 0; length < sealed->ciphertext.size(); ++length) {
    const Bytes cut(sealed->ciphertext.begin(), sealed->ciphertext.begin() + static_cast<std::ptrdiff_t>(length));
    EXPECT_FALSE(opens({sealed->enc, cut}, info, associated));
  }
}

TEST(Hpke, IsForOneRecipient) {
  const Pair recipient, other;
  const auto sealed = hpke_seal(recipient.point, {}, {}, hex(kPlain));
  ASSERT_TRUE(sealed);
  const auto opened = hpke_open(other.key, *sealed, {}, {});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().id, "CF2204");
}

TEST(Hpke, NeverSealsTwiceAlike) {
  const Pair recipient;
  const auto once = hpke_seal(recipient.point, {}, {}, hex(kPlain)),
             again = hpke_seal(recipient.point, {}, {}, hex(kPlain));
  ASSERT_TRUE(once && again);
  EXPECT_NE(once->enc, again->enc);
  EXPECT_NE(once->ciphertext, again->ciphertext);
}

TEST(P256, RefusesWhatIsNoKey) {
  const Secret scalar = *random_scalar();
  const Bytes good = *public_point(scalar);
  Bytes off_curve = good;
  off_curve.back() ^= 1;
  Bytes compressed(good.begin(), good.begin() + 33);
  compressed[0] = 2 + (good.back() & 1);
  for (const Bytes& point : {off_curve, compressed, Bytes{}, Bytes{0}, Bytes(kPointOctets)}) {
    const auto shared = diffie_hellman(scalar, point);
    ASSERT_FALSE(shared);
    EXPECT_EQ(shared.error().id, "CF2201");
  }
  const Bytes order = hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
  for (const Bytes& wrong : {order, Bytes(kScalarOctets), Bytes{1}, Bytes{}}) {
    const auto point = public_point(Secret(wrong));
    ASSERT_FALSE(point);
    EXPECT_EQ(point.error().id, "CF2202");
  }
}

}  // namespace
}  // namespace certferry::seal
