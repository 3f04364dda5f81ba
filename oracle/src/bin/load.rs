//! `load libbpf|skep OBJECT…`: loads each object as it asks to be and program by program, and tells a line for each:
//! object, program, `ok` or why not. In a process of its own, since an object may bring down its loader.

use std::io::Write;
use std::path::Path;

use oracle::load;

fn main() -> Result<(), String> {
    let mut args = std::env::args().skip(1);
    let side = args.next().unwrap_or_default();
    let profile = skep::profile::running().map_err(|error| error.to_string())?;
    for path in args {
        let path = Path::new(&path);
        let name = path.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
        let tell = |case: &str, answer: Result<(), String>| -> Result<(), String> {
            let answer = answer.map_or_else(|why| why.replace(['\t', '\n'], " "), |()| "ok".into());
            let mut out = std::io::stdout().lock();
            writeln!(out, "{name}\t{case}\t{answer}")
                .and_then(|()| out.flush())
                .map_err(|error| error.to_string())
        };
        let (resolved, cases) = match load::read(path, &profile) {
            Ok(read) => read,
            Err(why) => {
                tell(
                    load::WHOLE,
                    if side == "skep" { Err(why) } else { load::by_libbpf(path, load::WHOLE) },
                )?;
                continue;
            }
        };
        for case in cases {
            let answer = match side.as_str() {
                "libbpf" => load::by_libbpf(path, &case),
                "skep" => load::by_skep(&resolved, &case),
                _ => return Err(format!("`{side}` loads nothing: name libbpf or skep")),
            };
            tell(&case, answer)?;
        }
    }
    Ok(())
}
