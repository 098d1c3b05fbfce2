// certferry-fleet: certferry with the parts that talk gRPC.
#include "cli/run.h"
#include "commands/engines.h"
#include "container/confined_main.h"

int main(int argc, char** argv) {
  if (const auto code = certferry::container::confined_main(argc, argv)) return *code;
  const certferry::commands::Engines engines{certferry::relay::Client::make, certferry::relay::Server::start};
  return certferry::cli::run(argc, argv, &engines);
}
