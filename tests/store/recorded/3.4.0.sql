BEGIN TRANSACTION;
CREATE TABLE alembic_version (
	version_num VARCHAR(32) NOT NULL, 
	CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)
);
INSERT INTO "alembic_version" VALUES('8606fa83a998');
CREATE TABLE experiment_permissions (
	id INTEGER NOT NULL, 
	experiment_id VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_experiment_user UNIQUE (experiment_id, user_id)
);
INSERT INTO "experiment_permissions" VALUES(1,'1',2,'MANAGE');
INSERT INTO "experiment_permissions" VALUES(2,'2',2,'READ');
INSERT INTO "experiment_permissions" VALUES(3,'1',3,'EDIT');
INSERT INTO "experiment_permissions" VALUES(4,'2',3,'NO_PERMISSIONS');
CREATE TABLE registered_model_permissions (
	id INTEGER NOT NULL, 
	name VARCHAR(255) NOT NULL, 
	user_id INTEGER NOT NULL, 
	permission VARCHAR(255), 
	PRIMARY KEY (id), 
	CONSTRAINT fk_user_id FOREIGN KEY(user_id) REFERENCES users (id), 
	CONSTRAINT unique_name_user UNIQUE (name, user_id)
);
INSERT INTO "registered_model_permissions" VALUES(1,'churn',2,'EDIT');
INSERT INTO "registered_model_permissions" VALUES(2,'größer/大きい 100%',2,'MANAGE');
INSERT INTO "registered_model_permissions" VALUES(3,'churn',3,'NO_PERMISSIONS');
INSERT INTO "registered_model_permissions" VALUES(4,'churn',4,'MANAGE');
CREATE TABLE users (
	id INTEGER NOT NULL, 
	username VARCHAR(255), 
	password_hash VARCHAR(255), 
	is_admin BOOLEAN, 
	PRIMARY KEY (id), 
	UNIQUE (username)
);
INSERT INTO "users" VALUES(1,'admin','scrypt:32768:8:1$NE1Id1UHY0uqw1pg$0ef823dee9c09b399a27c39e4446ff7085ef7be75ecbb1f0b0c794e5c2f655260f9188d13cee175af5d66294faa28f31c592a9fd7e9b1c76259c65daefa3b46a',1);
INSERT INTO "users" VALUES(2,'alice','scrypt:32768:8:1$jBlBcBtnnbpmAogT$b35535bfb23aa0ff4dd619b0d8564c987753ef318c1a7273c4765353ecfdc9f9896a5e073c090bb98e08ecdce0ce332d9cb67b8bb3accc65ba3f961e4710dabe',0);
INSERT INTO "users" VALUES(3,'o''brien','scrypt:32768:8:1$geReQScXX77pEhRQ$e2d2e7e9ebcdecca6ca005268d939eb02508baf5067f16bf9842cf3cccef27e8afced686a192ff901378f637153c0ab3883e83d367ff469c70e38a4eba9f2282',0);
INSERT INTO "users" VALUES(4,'zoë','scrypt:32768:8:1$Ej5ly3lOKIRyzIW0$904384a43975086c05a6a30c71ce0e8763fa06d4d2d7a21786ba75f8e0c5a9f6d5a232a71fe54e4a4f6e1be945488b68c4631c09cc1f1dd46d11f56410bad6c1',1);
INSERT INTO "users" VALUES(5,'bob','scrypt:32768:8:1$MexyrqFwD2Rzup5s$3a22661073587ce1c4abc0113c08a87ee6236c0516d0788c73406106b10c8399308d9e46c408d06489bb349299a4e84cb13973091bff70527a3ef0bb7fa74fdb',0);
INSERT INTO "users" VALUES(6,'eve','scrypt:32768:8:1$10eAv7trdABAvGpk$cef373d9db985e10333d49d3a345d2e87731b4d8c5fd98edc888d51e01141571babee7cf707d708032f4e1efe86ced9995c06519e86b170e83611a768cb50910',0);
COMMIT;
