#include "cli/run.h"
#include "container/confined_main.h"

int main(int argc, char** argv) {
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  return certferry::cli::run(argc, argv);
}
