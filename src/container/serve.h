// What a confined child is asked over its socket, and how it answers.
#pragma once

#include "container/read.h"

namespace certferry::container {

// Numbers are eight octets, the most significant first.
inline constexpr std::size_t kNumberOctets = 8;
[[nodiscard]] std::uint64_t number_at(ByteView bytes);

// The file, its passwords and its limits.
[[nodiscard]] Secret encode_request(ByteView file, const ReadOptions& options);

// Writes an answer after its size. False where nobody takes it.
[[nodiscard]] bool send_answer(int out, const Result<x509::CertificateFile>& answer);

// Answers one request after the other until the other side sends no more, then ends the process.
[[noreturn]] void serve(int socket);

}  // namespace certferry::container
