//! What each command does: one file for one command, or for the few verbs of one thing.

mod backup;
mod config;
mod dashboard;
mod demo;
mod digest;
mod doctor;
mod down;
mod forecast;
pub mod frost;
mod gate;
mod gc;
mod give;
pub mod goal;
pub mod heavy;
mod init;
mod links;
mod logs;
mod notify;
mod papers;
mod pause;
pub mod ralph;
pub mod repo;
mod resume;
mod salvage;
mod service;
mod set;
mod stats;
mod story;
mod take;
mod undo;
mod up;
mod watch;
pub mod why;

use crate::args::{Cli, Command, ConfigCommand, GoalCommand, RepoCommand, SetCommand, StoryCommand};
use crate::call::Call;
use crate::failure::Failure;
use crate::killed;
use crate::output::{Output, Reply};

/// Carries a command out.
pub fn perform(cli: Cli, output: Output) -> Result<Reply, Failure> {
    let call = Call { output, repo: cli.repo, now: jiff::Timestamp::now() };
    killed::settle();
    match cli.command {
        Command::Repo(command) => of_repo(&call, command),
        Command::Goal(command) => of_goal(&call, command),
        Command::Story(command) => of_story(&call, command),
        Command::Up(args) => up::up(&call, args),
        Command::Down(args) => down::down(&call, &args),
        Command::Pause(args) => pause::pause(&call, args),
        Command::Tell(args) => goal::tell(&call, &args.goal, &args.text),
        Command::Why(args) => why::why(&call, &args),
        Command::Forecast(args) => forecast::forecast(&call, &args),
        Command::Freeze(args) => frost::freeze(&call, &args),
        Command::Thaw(args) => frost::thaw(&call, &args),
        Command::Watch(args) => watch::watch(&call, &args),
        Command::Logs(args) => logs::logs(&call, &args),
        Command::Take(args) => take::take(&call, &args),
        Command::Give(args) => give::give(&call, &args),
        Command::Undo(args) => undo::undo(&call, &args),
        Command::Gc(args) => gc::gc(&call, &args),
        Command::Salvage(args) => salvage::salvage(&call, &args),
        Command::Stats(args) => stats::stats(&call, &args),
        Command::Dashboard(args) => dashboard::dashboard(&call, &args),
        Command::Demo(args) => demo::perform(&call, &args),
        Command::Init(args) => init::init(&call, &args),
        Command::Digest(args) => digest::digest(&call, &args),
        Command::Notify(command) => notify::notify(&call, &command),
        Command::Doctor => doctor::doctor(&call),
        Command::Config(command) => of_config(&call, command),
        Command::Resume(args) => resume::resume(&call, &args),
        Command::Set(SetCommand::Max(args)) => set::max(&call, &args),
        Command::Ralph(args) => ralph::ralph(&call, args),
        Command::Gate(args) => gate::gate(&call, &args),
        // `main` does not come here with it.
        Command::Heavy(args) => heavy::heavy(&args).map(|_| Reply::nothing()),
        Command::Service(command) => service::service(&call, command),
        Command::Backup(args) => backup::backup(&call, &args),
        Command::Restore(args) => backup::restore(&call, &args),
        Command::InstallLinks(args) => links::install(&args),
        Command::Completions(args) => papers::completions(&call, &args),
        Command::Man(args) => papers::man(&call, &args),
        Command::Reference => papers::reference(&call),
    }
}

fn of_repo(call: &Call, command: RepoCommand) -> Result<Reply, Failure> {
    match command {
        RepoCommand::Add(args) => repo::add(call, args),
        RepoCommand::List => repo::list(call),
    }
}

fn of_config(call: &Call, command: ConfigCommand) -> Result<Reply, Failure> {
    match command {
        ConfigCommand::Explain(args) => config::explain(call, args),
        ConfigCommand::Set(args) => config::set(&args),
        ConfigCommand::Unset(args) => config::unset(&args),
        ConfigCommand::Path => config::path(),
    }
}

fn of_goal(call: &Call, command: GoalCommand) -> Result<Reply, Failure> {
    match command {
        GoalCommand::New(args) => goal::new(call, args),
        GoalCommand::Edit(args) => goal::edit(call, args),
        GoalCommand::Lint(args) => goal::lint(call, &args),
        GoalCommand::Import(args) => goal::import(call, &args),
        GoalCommand::Priority(args) => goal::priority(call, &args),
        GoalCommand::Move(args) => goal::move_(call, &args),
        GoalCommand::Hold(args) => goal::hold(call, &args),
        GoalCommand::Release(args) => goal::release(call, &args),
        GoalCommand::Create(args) => goal::create(call, &args),
        GoalCommand::Queue(args) => goal::queue(call, &args),
        GoalCommand::List(args) => goal::list(call, args),
        GoalCommand::Show(args) => goal::show(call, &args),
        GoalCommand::Comment(args) => goal::comment(call, &args.goal),
        GoalCommand::Approve(args) => goal::approve(call, &args),
        GoalCommand::Reject(args) => goal::reject(call, &args.goal, &args.feedback),
        GoalCommand::Answer(args) => goal::answer(call, &args.goal, &args.text),
        GoalCommand::SpotCheck(args) => goal::spot_check(call, args),
        GoalCommand::Retry(args) => goal::retry(call, &args),
        GoalCommand::Cancel(args) => goal::cancel(call, &args),
        GoalCommand::Resolve(args) => goal::resolve(call, &args),
    }
}

fn of_story(call: &Call, command: StoryCommand) -> Result<Reply, Failure> {
    match command {
        StoryCommand::Create(args) => story::create(call, args),
        StoryCommand::List(args) => story::list(call, &args),
        StoryCommand::Show(args) => story::show(call, &args),
        StoryCommand::Edit(args) => story::edit(call, args),
        StoryCommand::Queue(args) => story::queue(call, &args),
    }
}
