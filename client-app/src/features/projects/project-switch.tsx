import { useQuery } from '@tanstack/react-query';
import { FolderTree } from 'lucide-react';
import { useLocation, useNavigate } from 'react-router';
import { urlOf } from '../../shared/api';
import { LabelledSelect } from '../../shared/labelled-select';
import { Popover } from '../../shared/popover';
import { useMay } from '../access/access';
import { projects, useProject } from './projects';

/** What of the address is as good for another project. */
const KEPT = ['tab', 'range', 'from', 'to', 'compare'] as const;

/** Which project the page is of, where there are several. */
export function ProjectSwitch({ isFolded = false }: { isFolded?: boolean }) {
  const { data: all = [] } = useQuery({ ...projects, enabled: useMay('read') });
  const project = useProject();
  if (!project || all.length < 2) return null;
  if (!isFolded) return <Choose all={all} id={project.id} />;
  return (
    <Popover
      name={<FolderTree className="size-4" aria-hidden="true" />}
      label={`Project ${project.name}`}
      title={project.name}
      className="button py-1.5"
      side="right"
      inside="w-60 p-3"
    >
      <Choose all={all} id={project.id} />
    </Popover>
  );
}

function Choose({ all, id }: { all: readonly { id: number; name: string }[]; id: number }) {
  const { pathname, search } = useLocation();
  const navigate = useNavigate();
  return (
    <LabelledSelect
      label="Project"
      value={`${id}`}
      options={all.map((project) => [`${project.id}`, project.name] as const)}
      onChange={(project) => {
        const now = new URLSearchParams(search);
        void navigate(urlOf(pathname, { ...Object.fromEntries(KEPT.map((name) => [name, now.get(name)])), project }));
      }}
    />
  );
}
