//! Writes the sysfs folder that a kernel would show on a machine, so that other tools can be asked about it:
//!
//! ```sh
//! cargo run -p skep --example sysfs_of -- "2 nodes x 4 cores x 2 threads, offline 3" /tmp/machine
//! lscpu -s /tmp/machine -J -e=CPU,NODE,SOCKET,CORE,CACHE,ONLINE,MAXMHZ
//! HWLOC_FSROOT=/tmp/machine HWLOC_COMPONENTS=linux,stop lstopo-no-graphics --of xml
//! ```

mod folder;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [spec, root] = args.as_slice() else {
        eprintln!("usage: sysfs_of SPEC FOLDER");
        return ExitCode::from(2);
    };
    let done =
        skep::topology::declared(spec).map_err(|error| error.to_string()).and_then(|machine| {
            folder::write(&machine.topology, Path::new(root)).map_err(|error| error.to_string())
        });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("{why}");
            ExitCode::from(2)
        }
    }
}
