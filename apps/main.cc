#include "cli/run.h"
#include "container/confined_main.h"
#include "x509/wiping_memory.h"

int main(int argc, char** argv) {
  if (!certferry::x509::wipe_what_openssl_frees()) return 70;  // EX_SOFTWARE: something called OpenSSL before main()
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  return certferry::cli::run(argc, argv);
}
