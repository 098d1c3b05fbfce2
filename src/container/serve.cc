#include "container/serve.h"

#include <unistd.h>

#include <array>

#include "container/confine.h"
#include "container/wire.h"

namespace certferry::container {
namespace {

// Which passwords there are, their sizes, the file's size, the six limits.
constexpr std::size_t kHeadNumbers = 10;
constexpr std::uint64_t kHasPassword = 1;
constexpr std::uint64_t kHasKeyPassword = 2;

void put_number(Bytes& out, std::uint64_t value) {
  for (int shift = 56; shift >= 0; shift -= 8) out.push_back(static_cast<std::uint8_t>(value >> shift));
}

bool read_whole(int in, std::span<std::uint8_t> into) {
  while (!into.empty()) {
    const ssize_t count = ::read(in, into.data(), into.size());
    if (count <= 0) return false;
    into = into.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool write_whole(int out, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(out, bytes.data(), bytes.size());
    if (count <= 0) return false;
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return true;
}

bool serve_one(int socket) {
  std::array<std::uint8_t, kHeadNumbers * kNumberOctets> head;
  if (!read_whole(socket, head)) return false;
  const auto number = [&](std::size_t i) { return number_at(ByteView(head).subspan(i * kNumberOctets)); };
  Bytes body(number(1) + number(2) + number(3));
  if (!read_whole(socket, body)) return false;
  const Secret whole(std::move(body));
  const Secret password(whole.view().first(number(1)));
  const Secret key_password(whole.view().subspan(number(1), number(2)));
  ReadOptions options;
  options.password = number(0) & kHasPassword ? &password : nullptr;
  options.key_password = number(0) & kHasKeyPassword ? &key_password : nullptr;
  options.limits = {.octets = number(4),
                    .certificates = number(5),
                    .names = number(6),
                    .depth = number(7),
                    .kdf_iterations = number(8),
                    .scrypt_octets = number(9)};
  return send_answer(socket, read(whole.view().subspan(number(1) + number(2)), options));
}

}  // namespace

std::uint64_t number_at(ByteView bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < kNumberOctets; ++i) value = value << 8 | bytes[i];
  return value;
}

Secret encode_request(ByteView file, const ReadOptions& options) {
  const ByteView password = options.password ? options.password->view() : ByteView();
  const ByteView key_password = options.key_password ? options.key_password->view() : ByteView();
  Bytes bytes;
  bytes.reserve(kHeadNumbers * kNumberOctets + password.size() + key_password.size() + file.size());
  put_number(bytes, (options.password ? kHasPassword : 0) | (options.key_password ? kHasKeyPassword : 0));
  for (const ByteView part : {password, key_password, file}) put_number(bytes, part.size());
  const Limits& limits = options.limits;
  for (const std::uint64_t limit :
       {std::uint64_t{limits.octets}, std::uint64_t{limits.certificates}, std::uint64_t{limits.names},
        std::uint64_t{limits.depth}, limits.kdf_iterations, limits.scrypt_octets}) {
    put_number(bytes, limit);
  }
  for (const ByteView part : {password, key_password, file}) bytes.insert(bytes.end(), part.begin(), part.end());
  return Secret(std::move(bytes));
}

bool send_answer(int out, const Result<x509::CertificateFile>& answer) {
  const Secret encoded = encode(answer);
  Bytes size;
  put_number(size, encoded.size());
  return write_whole(out, size) && write_whole(out, encoded.view());
}

void serve(int socket) {
  while (serve_one(socket)) {
  }
  ::_exit(0);
}

}  // namespace certferry::container
