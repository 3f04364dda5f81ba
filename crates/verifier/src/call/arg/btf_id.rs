//! Kernel objects by their types (`btf_struct_ids_match`).

use skep_btf::{Kind, TypeId};
use skep_isa::Reg;

use crate::access::btf_ptr::struct_ids_match;
use crate::diag::{Step, Stop, rejections};
use crate::env::Env;
use crate::state::Payload;

rejections! {
    /// A kernel object of the wrong type is passed.
    WrongObject("object-type-mismatch", EACCES, help: "pass an object of the type that is asked for") {
        regno: u8, found: String, expected: String,
    } => "R{regno} is of type {found} but {expected} is expected";
}

/// The kernel's struct of this name.
pub(crate) fn named(env: &Env<'_>, name: &str) -> Step<TypeId> {
    let found = env.kernel.btf.find(name, Kind::Struct);
    found.map_or_else(
        || Stop::unsupported(format!("struct {name}, which the kernel's types lack")),
        Ok,
    )
}

/// A type of the program's BTF, or of the kernel's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Object {
    /// Whether it is of the program's.
    pub(crate) local: bool,
    /// Which.
    pub(crate) id: TypeId,
}

impl Object {
    /// A type of the kernel.
    pub(crate) const fn kernel(id: TypeId) -> Self {
        Self { local: false, id }
    }

    /// Its name.
    pub(crate) fn name<'a>(self, env: &Env<'a>) -> &'a str {
        env.btf_of(self.local).map_or("", |btf| btf.name(self.id))
    }
}

/// Checks that the object in a register is of this type of the kernel, or begins with one where it points.
pub(crate) fn check(env: &Env<'_>, regno: Reg, wanted: TypeId, is_strict: bool) -> Step {
    let reg = env.reg(regno);
    let Payload::Btf { local, id } = reg.payload else {
        return Stop::bug("a pointer to an object lacks its type");
    };
    let (found, wanted) = (Object { local, id }, Object::kernel(wanted));
    if matches(env, found, reg.off, wanted, is_strict) {
        return Ok(());
    }
    let (found, expected) = (found.name(env).to_owned(), wanted.name(env).to_owned());
    Err(WrongObject { regno: regno.0, found, expected }.into())
}

/// Whether a pointer `off` bytes into an object of type `found` is one to `wanted` (`btf_struct_ids_match`).
///
/// With `is_strict` the object itself must be of that type; otherwise a struct within it will do that begins there.
pub(crate) fn matches(
    env: &Env<'_>,
    found: Object,
    off: i32,
    wanted: Object,
    is_strict: bool,
) -> bool {
    let (found, wanted) = ((found.local, found.id), (wanted.local, wanted.id));
    // What the program allocates ends where its type does.
    let walks_flexible = !found.0;
    struct_ids_match(env, found, off, wanted, is_strict, walks_flexible)
}
