#include "seal/own_key.h"

#include "seal/keys.h"
#include "seal/p256.h"

namespace certferry::seal {

const x509::PublicKey& KeyRef::public_key() const { return memory_ ? memory_->public_key() : device_->public_key(); }

Result<Bytes> KeyRef::sign(ByteView message) const {
  return memory_ ? seal::sign(*memory_, message) : device_->sign(message);
}

Result<Secret> KeyRef::diffie_hellman(ByteView point) const {
  if (!memory_) return device_->diffie_hellman(point);
  CERTFERRY_ASSIGN(const Secret scalar, scalar_of(*memory_));
  return seal::diffie_hellman(scalar, point);
}

}  // namespace certferry::seal
