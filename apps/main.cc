#include "cli/run.h"

int main(int argc, char** argv) { return certferry::cli::run(argc, argv); }
