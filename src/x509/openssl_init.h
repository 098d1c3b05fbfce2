// How this program uses OpenSSL.
#pragma once

namespace certferry::x509 {

// Keeps libcrypto from reading its configuration file, which nothing here wants and which costs more than reading a
// certificate file. Call it once, before anything else of x509/ and before threads are made.
void initialize_openssl();

// Makes now what the first signature's verification would make. For those who wait for something else anyway.
void prepare_openssl();

}  // namespace certferry::x509
