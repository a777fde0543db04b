//! The sandbox itself: both servers, and the handles that tests and demos hold.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use crate::counters::{Counters, Operation};
use crate::faults::{Fault, Plan};
use crate::generation::Generation;
use crate::history::{Author, Record};
use crate::judge::{Except, Verdict, judge};
use crate::office::{GROUP, Office};
use crate::server::{Server, StartError};
use crate::state::{Fixed, PbxUser, Person, Said, State, World};
use crate::{pbx, tenant};

/// The tenant's id.
pub const TENANT: &str = "aaaabbbb-0000-cccc-1111-dddd2222eeee";
/// The app's id.
pub const CLIENT: &str = "00001111-aaaa-2222-bbbb-3333cccc4444";
/// The app's secret.
pub const CLIENT_SECRET: &str = "SAMPLE-client-secret";
/// The service login of the PBX.
pub const LOGIN: &str = "0001";
/// Its password.
pub const PASSWORD: &str = "SAMPLE-pbx-password";
/// The OAuth client of a PBX of version 10.
pub const OAUTH_CLIENT: &str = "rest-client-headless";
/// Its secret.
pub const OAUTH_SECRET: &str = "SAMPLE-oauth-secret";
/// The instance name of the companion module.
pub const MODULE: &str = "TeamsPresence";
/// The module's secret.
pub const MODULE_SECRET: &str = "SAMPLE-module-secret";
/// The name of the group whose members are synchronised.
pub const GROUP_NAME: &str = "Teams";

/// Builds a sandbox.
#[derive(Clone, Debug)]
pub struct Builder {
    office: Office,
    faults: Plan,
    generation: Generation,
    blacklist_after: Option<u64>,
    fixed: Fixed,
    tenant: SocketAddr,
    pbx: SocketAddr,
}

/// A running tenant and PBX. Both end when it is stopped; a sandbox that is dropped goes on until its runtime ends.
#[derive(Debug)]
pub struct Sandbox {
    world: Arc<World>,
    tenant: Server,
    pbx: Server,
}

impl Builder {
    /// The people and users; a company of 25 where nothing is said.
    #[must_use]
    pub fn office(mut self, office: Office) -> Self {
        self.office = office;
        self
    }

    /// What goes wrong from the start.
    #[must_use]
    pub fn faults(mut self, faults: Plan) -> Self {
        self.faults = faults;
        self
    }

    /// How the PBX lets its service user in; by the nonce login of version 9 where nothing is said.
    #[must_use]
    pub fn generation(mut self, generation: Generation) -> Self {
        self.generation = generation;
        self
    }

    /// After how many wrong credentials the PBX answers nothing any more, as if it were not there; never where nothing is
    /// said.
    #[must_use]
    pub fn blacklist_after(mut self, wrong: u64) -> Self {
        self.blacklist_after = Some(wrong);
        self
    }

    /// The tenant's id: a GUID; [`TENANT`] where nothing is said.
    #[must_use]
    pub fn tenant_id(mut self, id: &str) -> Self {
        id.clone_into(&mut self.fixed.tenant);
        self
    }

    /// How long tokens hold: those of Entra (60 min where nothing is said) and those of a PBX of version 9 (4 h).
    #[must_use]
    pub fn token_life(mut self, entra: Duration, pbx: Duration) -> Self {
        self.fixed.entra_token_life = entra;
        self.fixed.pbx_token_life = pbx;
        self
    }

    /// How often a device code may be asked about (5 s where nothing is said), and how long it is good (15 min).
    #[must_use]
    pub fn device_code(mut self, interval: Duration, life: Duration) -> Self {
        self.fixed.device_code = (interval, life);
        self
    }

    /// How long every answer takes at least.
    #[must_use]
    pub fn answer_delay(mut self, delay: Duration) -> Self {
        self.fixed.answer_delay = delay;
        self
    }

    /// Where the two servers listen: loopback addresses; any free port where nothing is said.
    #[must_use]
    pub fn listen(mut self, tenant: SocketAddr, pbx: SocketAddr) -> Self {
        self.tenant = tenant;
        self.pbx = pbx;
        self
    }

    /// Starts both servers.
    ///
    /// # Errors
    /// When an address is not loopback or its port is taken.
    pub async fn start(self) -> Result<Sandbox, StartError> {
        let Office {
            people,
            users,
            groups,
            ..
        } = self.office;
        let state = State {
            people,
            users,
            groups,
            service: (LOGIN.to_owned(), PASSWORD.to_owned()),
            generation: self.generation,
            oauth_secret: OAUTH_SECRET.to_owned(),
            blacklist_after: self.blacklist_after,
            faults: self.faults,
            permissions: ["Presence.Read.All", "User.Read.All"].map(str::to_owned).into(),
            ..State::default()
        };
        let world = Arc::new(World::new(state, self.fixed));
        let tenant = Server::start(self.tenant, tenant::routes(&world)).await?;
        let pbx = Server::start(self.pbx, pbx::routes(&world)).await?;
        Ok(Sandbox { world, tenant, pbx })
    }
}

impl Sandbox {
    /// Begins to build one.
    pub fn builder() -> Builder {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        Builder {
            office: Office::new(25, 1),
            faults: Plan::default(),
            generation: Generation::default(),
            blacklist_after: None,
            fixed: Fixed {
                tenant: TENANT.to_owned(),
                client: CLIENT.to_owned(),
                secret: CLIENT_SECRET.to_owned(),
                module: MODULE.to_owned(),
                module_secret: MODULE_SECRET.to_owned(),
                entra_token_life: Duration::from_secs(3_599),
                pbx_token_life: Duration::from_secs(4 * 3_600),
                answer_delay: Duration::ZERO,
                device_code: (Duration::from_secs(5), Duration::from_secs(900)),
            },
            tenant: anywhere,
            pbx: anywhere,
        }
    }

    /// The address of the tenant: sign-in and Graph in one.
    pub fn tenant_url(&self) -> String {
        format!("http://{}", self.tenant.address)
    }

    /// The address of the PBX.
    pub fn pbx_url(&self) -> String {
        format!("http://{}", self.pbx.address)
    }

    /// The tenant's id.
    pub fn tenant_id(&self) -> &str {
        &self.world.fixed.tenant
    }

    /// The time that [`Record::at`] counts from, until now.
    pub fn since_start(&self) -> Duration {
        self.world.since_start()
    }

    /// Whether the PBX is one that needs an OAuth client.
    pub(crate) fn wants_oauth(&self) -> bool {
        matches!(self.world.state().generation, Generation::Ten(_))
    }

    /// The tenant's people.
    pub fn tenant(&self) -> Tenant<'_> {
        Tenant { world: &self.world }
    }

    /// The PBX's users.
    pub fn pbx(&self) -> Pbx<'_> {
        Pbx { world: &self.world }
    }

    /// What was counted since the start or the last reset.
    pub fn counters(&self) -> Counters {
        self.world.state().counters.clone()
    }

    /// Counts from zero again.
    pub fn reset_counters(&self) {
        self.world.state().counters.reset();
    }

    /// Sets the clocks of tenant and PBX ahead of this machine's, or back where negative. Their answers are dated by them.
    pub fn set_clocks_ahead(&self, seconds: i64) {
        self.world.change(|state| state.ahead = seconds);
    }

    /// Every write that the PBX saw, in order.
    pub fn history(&self) -> Vec<Record> {
        self.world.state().history.clone()
    }

    /// Makes the next `count` requests of a kind go wrong; without a count all of them, until it is cleared.
    pub fn fault(&self, operation: Operation, fault: Fault, count: Option<u64>) {
        self.world
            .change(|state| state.faults.set(operation, fault, count));
    }

    /// Ends the fault of a kind of request.
    pub fn clear_fault(&self, operation: Operation) {
        self.world.change(|state| state.faults.clear(operation));
    }

    /// Whether the PBX is as the documentation says it has to be.
    pub fn judge(&self, except: &Except) -> Verdict {
        judge(&self.world.state(), except)
    }

    /// Waits until `condition` holds for the sandbox, at most for `patience`. Tells whether it came to hold. It is asked
    /// again whenever anything changes or is answered, and not by the clock.
    pub async fn wait_until(&self, patience: Duration, condition: impl Fn(&Self) -> bool) -> bool {
        let mut bell = self.world.bell();
        let waiting = async {
            while !condition(self) {
                if bell.changed().await.is_err() {
                    return;
                }
            }
        };
        tokio::time::timeout(patience, waiting).await.is_ok() && condition(self)
    }

    /// Stops both servers.
    pub async fn stop(self) {
        self.tenant.stop().await;
        self.pbx.stop().await;
    }
}

/// The tenant of a sandbox.
#[derive(Clone, Copy, Debug)]
pub struct Tenant<'s> {
    pub(crate) world: &'s World,
}

impl Tenant<'_> {
    /// Sets what Teams says of somebody.
    pub fn set_presence(&self, person: &str, said: Said) {
        self.world
            .change(|state| state.people.said(&person.to_ascii_lowercase(), Some(said)));
    }

    /// Leaves somebody out of every answer.
    pub fn hide(&self, person: &str) {
        self.world
            .change(|state| state.people.said(&person.to_ascii_lowercase(), None));
    }

    /// Changes somebody.
    pub fn edit(&self, person: &str, edit: impl FnOnce(&mut Person)) {
        self.world
            .change(|state| state.people.edit(&person.to_ascii_lowercase(), edit));
    }

    /// Adds somebody.
    pub fn add(&self, person: Person) {
        self.world.change(|state| state.people.insert(person));
    }

    /// Somebody.
    pub fn person(&self, person: &str) -> Option<Person> {
        self.world
            .state()
            .people
            .get(&person.to_ascii_lowercase())
            .cloned()
    }

    /// Ends all tokens of Entra.
    pub fn revoke_tokens(&self) {
        self.world.change(|state| state.entra_tokens.clear());
    }

    /// Gives the app a permission, or takes it away.
    pub fn permit(&self, permission: &str, granted: bool) {
        self.world.change(|state| {
            if granted {
                state.permissions.insert(permission.to_owned());
            } else {
                state.permissions.remove(permission);
            }
        });
    }
}

/// The PBX of a sandbox.
#[derive(Clone, Copy, Debug)]
pub struct Pbx<'s> {
    world: &'s World,
}

impl Pbx<'_> {
    /// A user.
    pub fn user(&self, id: i64) -> Option<PbxUser> {
        self.world.state().users.get(&id).cloned()
    }

    /// All users.
    pub fn users(&self) -> Vec<PbxUser> {
        self.world.state().users.values().cloned().collect()
    }

    /// Sets DND as the user does at the phone.
    pub fn set_dnd_by_human(&self, id: i64, on: bool) {
        let at = self.world.since_start();
        self.world
            .change(|state| state.set_dnd(at, id, on, Author::Human));
    }

    /// Sets the chat status as the user's own client does.
    pub fn set_chat_by_client(&self, id: i64, status: &str) {
        let at = self.world.since_start();
        self.world
            .change(|state| state.set_chat(at, id, status, Author::Human));
    }

    /// Changes a user, for instance the e-mail address.
    pub fn edit(&self, id: i64, edit: impl FnOnce(&mut PbxUser)) {
        self.world.change(|state| state.users.get_mut(&id).map(edit));
    }

    /// Assigns a user to the group, or takes the user out of it.
    pub fn assign(&self, id: i64, assigned: bool) {
        self.world.change(|state| {
            if let Some(group) = state.groups.get_mut(&GROUP) {
                if assigned {
                    group.members.insert(id, true);
                } else {
                    group.members.remove(&id);
                }
            }
        });
    }

    /// Renames the group.
    pub fn rename_group(&self, name: &str) {
        self.world.change(|state| {
            state
                .groups
                .get_mut(&GROUP)
                .map(|group| name.clone_into(&mut group.name))
        });
    }

    /// Restarts: every session is lost.
    pub fn restart(&self) {
        self.world.change(State::forget_sessions);
    }

    /// Becomes another version, as after an update: every session is lost.
    pub fn update(&self, generation: Generation) {
        self.world.change(|state| {
            state.generation = generation;
            state.forget_sessions();
        });
    }

    /// Ends all access tokens before their time; refresh tokens go on.
    pub fn revoke_access_tokens(&self) {
        self.world.change(|state| state.pbx_tokens.clear());
    }

    /// Answers nothing any more, as to a blocked address.
    pub fn block(&self) {
        self.world.change(|state| {
            state.blacklist_after.get_or_insert(u64::MAX);
            state.strikes = u64::MAX;
        });
    }

    /// Answers again after too many wrong credentials, as when an administrator lifts the block.
    pub fn lift_block(&self) {
        self.world.change(|state| state.strikes = 0);
    }

    /// Changes the secret of the OAuth client; tokens go on.
    pub fn change_oauth_secret(&self, secret: &str) {
        self.world
            .change(|state| secret.clone_into(&mut state.oauth_secret));
    }

    /// Changes the password of the service login; sessions go on.
    pub fn change_password(&self, password: &str) {
        self.world
            .change(|state| password.clone_into(&mut state.service.1));
    }
}
