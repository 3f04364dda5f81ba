//! Owners of local storage as user space names them.
//!
//! The kernel takes descriptors: of a process or thread, a cgroup's directory, any file, a socket. Here user space gives
//! the number of the thread, of the cgroup, of the inode.

use skep_abi::{Addr, Errno, MapType, Pid};

use super::UserSide;
use super::array::index_of;
use crate::cgroup::CgroupId;

impl UserSide<'_> {
    /// The object that a key names.
    ///
    /// # Errors
    /// `EBADF` for a number that nothing has, `ENOENT` for what is there no more.
    // DEVIATION(linux): a process that has ended is gone at once here; there user space finds its storage until its parent
    // has waited for it.
    pub(super) fn owner(&self, key: &[u8]) -> Result<Addr, Errno> {
        let number = index_of(key).ok_or(Errno::EINVAL)?;
        let found = match self.map().map_type() {
            MapType::TaskStorage => {
                let tasks = self.machine().tasks();
                let task = tasks.get(Pid(number)).ok_or(Errno::EBADF)?;
                task.is_alive.then(|| tasks.object(task.tid))
            }
            MapType::CgrpStorage => {
                let cgroups = self.machine().cgroups();
                let id = CgroupId(number.into());
                let is_alive = cgroups.is_alive(id).ok_or(Errno::EBADF)?;
                is_alive.then(|| cgroups.object(id))
            }
            MapType::InodeStorage => {
                Some(self.machine().inodes().object(number).ok_or(Errno::EBADF)?)
            }
            // No socket of the machine has a descriptor.
            _ => return Err(Errno::EBADF),
        };
        found.filter(|owner| !owner.is_null()).ok_or(Errno::ENOENT)
    }

    /// The number by which user space knows an owner.
    pub(super) fn number_of(&self, owner: Addr) -> u32 {
        let number = match self.map().map_type() {
            MapType::TaskStorage => self.machine().tasks().at(owner).map(|tid| tid.0),
            // User space gives 32 bits.
            MapType::CgrpStorage => self.machine().cgroups().at(owner).map(|id| id.0 as u32),
            MapType::InodeStorage => self.machine().inodes().seen(owner).ok().flatten(),
            _ => None,
        };
        number.unwrap_or(0)
    }
}
