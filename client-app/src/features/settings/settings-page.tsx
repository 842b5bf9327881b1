import { useQuery } from '@tanstack/react-query';
import { Choice } from '../../shared/choice';
import { useParameters } from '../../shared/use-parameters';
import { useTitle } from '../../shared/use-title';
import { me } from '../access/access';
import { AuditTab } from './audit-tab';
import { KeysTab } from './keys-tab';
import { PeopleTab } from './people-tab';
import { ProjectTab } from './project-tab';
import { SessionsTab } from './sessions-tab';
import { TargetsTab } from './targets-tab';

/** Each with what one must be allowed to see it. */
const tabs = [
  { key: 'project', name: 'Project', needs: 'admin', View: ProjectTab },
  { key: 'people', name: 'People', needs: 'admin', View: PeopleTab },
  { key: 'keys', name: 'Keys', needs: 'admin', View: KeysTab },
  { key: 'targets', name: 'Targets', needs: 'admin', View: TargetsTab },
  { key: 'sessions', name: 'Sessions', needs: 'person', View: SessionsTab },
  { key: 'audit', name: 'Audit', needs: 'admin', View: AuditTab },
] as const;

type Tab = (typeof tabs)[number]['key'];

/** Who may do what, and who did it. */
export function SettingsPage() {
  useTitle('Settings');
  const [parameters, change] = useParameters();
  const { data } = useQuery(me);
  const shown = tabs.filter(({ needs }) => data?.may.includes(needs));
  const tab = shown.find(({ key }) => key === parameters.get('tab')) ?? shown[0];
  return (
    <>
      <h1 className="sr-only">Settings</h1>
      <div>
        <Choice<Tab>
          label="Settings of"
          value={tab?.key ?? null}
          choices={shown.map(({ key, name }) => [key, name] as const)}
          onChange={(key) => {
            change((current) => {
              current.set('tab', key);
              return current;
            });
          }}
        />
      </div>
      {tab && <tab.View />}
    </>
  );
}
