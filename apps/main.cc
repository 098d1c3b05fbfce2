#include "cli/start.h"
#include "cli/run.h"
#include "container/confined_main.h"

int main(int argc, char** argv) {
  if (!certferry::cli::can_start()) return certferry::cli::kCannotStart;
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  return certferry::cli::run(argc, argv);
}
