#include "deploy/handshake.h"

#include <gtest/gtest.h>

#include "deploy/testing/service_material.h"

namespace certferry::deploy {
namespace {

using testing::service_material;
using x509::testing::KeyKind;

TEST(Handshake, WorksWithEveryKindOfKeyThatTlsHas) {
  for (const KeyKind kind : {KeyKind::kRsa2048, KeyKind::kP256, KeyKind::kP384, KeyKind::kP521, KeyKind::kRsaPss2048,
                             KeyKind::kEd25519, KeyKind::kEd448}) {
    SCOPED_TRACE(static_cast<int>(kind));
    const auto done = try_handshake(service_material("handshake", kind));
    EXPECT_TRUE(done) << done.error().message;
  }
}

TEST(Handshake, FailsWithAnotherKey) {
  Materials mixed = service_material("one");
  mixed.key = service_material("two").key;
  const auto done = try_handshake(mixed);
  ASSERT_FALSE(done);
  EXPECT_EQ(done.error().id, "CF1666");
}

}  // namespace
}  // namespace certferry::deploy
